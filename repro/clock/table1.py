"""The seven corrections of the thesis' Table 1, in its order.

They were written for one camera's overlay read with a strip whose left edge cut the year down to its last digit, so
that a stamp looks like ``4-01-31 18:19:54``. Here the year is read whole; each rule therefore allows up to three more
characters before that digit. None of them changes a stamp that is valid.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_SEP = r"[-/]"
_YEAR = r"\d{0,3}"  # characters before the year's last digit


def leading_a4(text: str) -> str:
    """``A4-01-31`` to ``4-01-31``: "A4" read for the year's end."""
    return re.sub(rf"^({_YEAR})A4(?={_SEP})", r"\g<1>4", text)


def leading_a0(text: str) -> str:
    """``A0-01-31`` to ``4-01-31``: "A0" read for the year's end."""
    return re.sub(rf"^({_YEAR})A0(?={_SEP})", r"\g<1>4", text)


def day_4x(text: str) -> str:
    """``4-01-41`` to ``4-01-11``: no day begins with 4, so it was a 1."""
    return re.sub(rf"^({_YEAR}\d{_SEP}\d\d{_SEP})4(?=\d(?!\d))", r"\g<1>1", text)


def day_34(text: str) -> str:
    """``4-01-34`` to ``4-01-31``: there is no 34th, so it was the 31st."""
    return re.sub(rf"^({_YEAR}\d{_SEP}\d\d{_SEP})34(?!\d)", r"\g<1>31", text)


def hour_over_24(text: str) -> str:
    """``28:19:54`` to ``18:19:54``: an hour of 24 or more gets 1 as its first digit."""
    return re.sub(r"(?<=\s)(?:2[4-9]|[3-9]\d)(?=:\d\d:\d\d)", lambda hour: "1" + hour[0][1], text)


def extra_4_before_hour(text: str) -> str:
    """``4-01-31 418:19:54`` to ``4-01-31 18:19:54``: a 4 too many after the fifth digit, glued to the hour or not."""
    return re.sub(rf"^({_YEAR}\d{_SEP}\d\d{_SEP}\d\d )4 ?(?=\d\d:\d\d:\d\d)", r"\g<1>", text)


def extra_4_before_minute(text: str) -> str:
    """``18:419:54`` to ``18:19:54``: a 4 too many after the seventh digit."""
    return re.sub(r"(?<=\s)(\d\d: ?)4 ?(?=\d\d:\d\d(?!\d))", r"\g<1>", text)


#: In the published order.
RULES: tuple[Callable[[str], str], ...] = (
    leading_a4,
    leading_a0,
    day_4x,
    day_34,
    hour_over_24,
    extra_4_before_hour,
    extra_4_before_minute,
)


def repair(text: str) -> tuple[str, list[str]]:
    """Apply all rules in order: the text after them, and the names of those that changed it."""
    used = []
    for rule in RULES:
        after = rule(text)
        if after != text:
            used.append(rule.__name__)
            text = after
    return text, used
