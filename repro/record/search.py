"""Find claims by id, by number or by word."""

from __future__ import annotations

import math

from repro.record.claims import Claim, Claims


def search(claims: Claims, query: str) -> Claims:
    """Claims that a reader can mean, in the order of the files.

    The query is a number as printed (``95.59``, ``98,126``, ``79.6 %``), the beginning of an id (``t3.night``) or words of
    the id, quotation, gloss, place or sentence (``moon``), in any case. The first of these ways that finds a claim is taken;
    a number is also looked for in the quotations.
    """
    number = _number(query)
    if number is not None and (same := [claim for claim in claims if claim.is_number and claim.value == number]):
        return Claims(same)
    word = " ".join(query.casefold().split())
    if not word:
        return Claims([])
    starts = [claim for claim in claims if claim.id.casefold().startswith(word)]
    return Claims(starts or [claim for claim in claims if word in _text(claim)])


def starting_with(claims: Claims, prefix: str) -> Claims:
    """Claims whose id begins with a prefix, in any case."""
    return Claims([claim for claim in claims if claim.id.casefold().startswith(prefix.casefold())])


def _number(query: str) -> float | None:
    try:
        number = float(query.replace(",", "").replace("\N{MINUS SIGN}", "-").rstrip("% "))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _text(claim: Claim) -> str:
    source = claim.source
    of_source = (source.quote, source.gloss, source.section, source.place)
    return " ".join(" ".join((claim.id, str(claim.value), *of_source, claim.sentence, claim.note)).casefold().split())
