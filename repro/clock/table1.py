"""The seven corrections of the thesis' Table 1, in its order.

They were written for one camera's overlay read with a strip whose left edge cut the year down to its last digit, so
that a stamp looks like ``4-01-31 18:19:54``. Here the year is read whole; each rule therefore allows up to three more
characters before that digit. None of them changes a stamp that is valid.
"""

from __future__ import annotations

import re

_SEP = r"[-/]"
_YEAR = r"\d{0,3}"  # characters before the year's last digit
_DATE = rf"{_YEAR}\d{_SEP}\d\d{_SEP}"

#: Name of each rule, what it finds, and what it writes in its place; in the published order.
RULES = {
    # ``A4-01-31`` to ``4-01-31``: "A4" read for the year's end.
    "leading_a4": (rf"^({_YEAR})A4(?={_SEP})", r"\g<1>4"),
    # ``A0-01-31`` to ``4-01-31``: "A0" read for the year's end.
    "leading_a0": (rf"^({_YEAR})A0(?={_SEP})", r"\g<1>4"),
    # ``4-01-41`` to ``4-01-11``: no day begins with 4, so it was a 1.
    "day_4x": (rf"^({_DATE})4(?=\d(?!\d))", r"\g<1>1"),
    # ``4-01-34`` to ``4-01-31``: there is no 34th, so it was the 31st.
    "day_34": (rf"^({_DATE})34(?!\d)", r"\g<1>31"),
    # ``28:19:54`` to ``18:19:54``: an hour of 24 or more gets 1 as its first digit.
    "hour_over_24": (r"(?<=\s)(?:2(?=[4-9])|[3-9])(\d)(?=:\d\d:\d\d)", r"1\g<1>"),
    # ``4-01-31 418:19:54`` to ``4-01-31 18:19:54``: a 4 too many after the fifth digit, glued to the hour or not.
    "extra_4_before_hour": (rf"^({_DATE}\d\d )4 ?(?=\d\d:\d\d:\d\d)", r"\g<1>"),
    # ``18:419:54`` to ``18:19:54``: a 4 too many after the seventh digit.
    "extra_4_before_minute": (r"(?<=\s)(\d\d: ?)4 ?(?=\d\d:\d\d(?!\d))", r"\g<1>"),
}


def repair(text: str) -> tuple[str, list[str]]:
    """Apply all rules in order: the text after them, and the names of those that changed it."""
    used = []
    for name, (wrong, right) in RULES.items():
        after = re.sub(wrong, right, text)
        if after != text:
            used.append(name)
            text = after
    return text, used
