"""How strong a comparison is: its grade, the values it would have caught, and how much a bound excludes.

Grades, from the weakest:

- R, repeated: the same value stands in two places of one document. It confirms nothing.
- C, closure: numbers of one document fit together. One equation counts once, whichever of its claims it is seen from.
- B, bound: a bound or an interval holds. It counts by the share of the plausible range that it excludes.
- W, second witness: another document agrees (script, slides, pixels of a figure).
- P, predicted from outside: the sky, the calendar and its time zones, or a network that is built and counted.
- D, reproduced from data: the images.
"""

from __future__ import annotations

from repro.record.claims import BOUNDS, Claim, Claims, EvidenceKind, Grade
from repro.record.formula import FormulaError, is_one_value, references

GRADES: dict[Grade, str] = {
    "R": "repeated",
    "C": "closure",
    "B": "bound",
    "W": "second witness",
    "P": "predicted from outside",
    "D": "reproduced from data",
}

#: Sections of the readings whose pictures have another name among the quantities of stage figures.
_SAME_PICTURES = {"gradcam_panels": "frames"}
#: A README repeats the results of its own project; it witnesses nothing.
_NO_WITNESS = frozenset({"readme"})


def grade(claims: Claims, claim: Claim, evidence: EvidenceKind) -> Grade | None:
    """Grade of one comparison; None if its rule compares nothing.

    It follows from the kind of evidence, the rule and the formula alone, not from the outcome.
    """
    rule = claim.evidence[evidence]
    if not rule.compares:
        return None
    if evidence == "corpus":
        return "D"
    if rule.rule in BOUNDS:
        return "B"
    if evidence in ("ephemeris", "architecture", "protocol"):
        return "P"
    if evidence == "figure":
        # A value that was read off a figure by hand, and by code off the same figure, is one picture read twice.
        section = claim.source.section
        own = {claim.source.document, section, _SAME_PICTURES.get(section), *_NO_WITNESS}
        return "R" if (rule.measure or "").split(".")[0] in own else "W"
    if rule.formula is None:
        return "C"
    witnesses = {witness(claims[name]) for name in equation(claims, claim)} - _NO_WITNESS
    if witness(claim) not in _NO_WITNESS and witnesses - {witness(claim)}:
        return "W"
    try:
        return "R" if is_one_value(rule.formula) else "C"
    except FormulaError:  # the comparison itself reports it as an error
        return "C"


def witness(claim: Claim) -> str:
    """What saw the value: the document, or for readings what was read (scripts, slides, figures)."""
    document, section = claim.source.document, claim.source.section
    if document != "readings":
        return document
    if section == "slides":
        return section
    if section == "overlay":  # its clock, size and file name are those of the thesis' example
        return "thesis"
    return "figures" if section.startswith(("figure", "gradcam_panels")) else "scripts"


def equation(claims: Claims, claim: Claim) -> tuple[str, ...]:
    """Ids of all claims that a claim's arithmetic relates to each other, in alphabetical order.

    The same set seen from another of its claims is taken for the same equation: A = B + C is also B = A - C.
    """
    rule = claim.evidence.get("arithmetic")
    if rule is None or rule.formula is None:
        return (claim.id,)
    try:
        names = references(rule.formula)
    except FormulaError:
        names = frozenset()
    return tuple(sorted({claim.id, *(other.id for name in names for other in claims.matching(name))}))
