"""Patterns of a camera profile: times in file names, and formats of a burned-in clock."""

from __future__ import annotations

import re

#: Directives of a time in a file's name, and the text that each stands for.
_NAME_DIRECTIVES = {
    "%Y": r"\d{4}", "%y": r"\d\d", "%m": r"\d\d", "%d": r"\d\d", "%j": r"\d{3}", "%H": r"\d\d", "%M": r"\d\d",
    "%S": r"\d\d", "%f": r"\d{1,6}", "%s": r"\d{9,10}",
}  # fmt: skip


def file_name_pattern(pattern: str) -> re.Pattern[str]:
    """Regular expression of a still's path, with a named group for each directive (``Y``, ``m``, ``d``, ...).

    ``pattern`` is such as ``*/IMG_%Y%m%d_%H%M%S.jpg``; ``*`` stands for any text, ``%s`` for seconds since 1970 UTC, ``%j``
    for the day of the year. Raises ValueError if the pattern names no time, or a part of it twice.
    """
    tokens = re.findall(r"%.|.", pattern)
    directives = [token for token in tokens if token.startswith("%")]
    unknown = [token for token in directives if token not in _NAME_DIRECTIVES]
    day = ("%d" in directives and "%m" in directives) != ("%j" in directives)
    whole = day and ("%Y" in directives) != ("%y" in directives) and {"%H", "%M"} <= set(directives)
    if unknown or len(set(directives)) < len(directives) or not (whole or "%s" in directives):
        raise ValueError(
            f"{pattern!r} must name a time once: %Y or %y, %m and %d or %j, %H, %M, and %S if it is there; or %s, seconds "
            "since 1970 in UTC" + (f"; {unknown[0]} is not among them" if unknown else "")
        )
    parts = (f"(?P<{t[1]}>{_NAME_DIRECTIVES[t]})" if t in _NAME_DIRECTIVES else any_text(t) for t in tokens)
    return re.compile("".join(parts), re.IGNORECASE)


def any_text(pattern: str) -> str:
    """Regular expression of a text in which ``*`` stands for any text."""
    return ".*".join(re.escape(part) for part in pattern.split("*"))


#: Directives of a clock format, by what they print; a format has exactly one of each line.
_DIRECTIVES = {
    "year": ("%Y", "%y"),
    "month": ("%m", "%-m", "%b", "%B"),
    "day": ("%d", "%-d"),
    "hour": ("%H", "%-H", "%I", "%-I"),
    "minute": ("%M",),
    "second": ("%S",),
}


def clock_format(text: str) -> str:
    """A format of a clock, if it is complete; see :class:`repro.camera.Clock`.

    Raises ValueError if it lacks a part of the time, or has one twice.
    """
    # The marks go to Tesseract as an argument, where a quote or a backslash would end it.
    if not re.fullmatch(r"(%-[mdHI]|%[YymbBdHIMSpfZ]|[A-Za-z0-9 /:.,_-])+", text):
        raise ValueError(
            "a clock format has the directives %Y %y %m %b %B %d %H %I %p %M %S %f %Z, or %-m %-d %-H %-I without a "
            f"leading zero, beside letters, digits, blanks and the marks / : . , _ -, not {text!r}"
        )
    printed = re.findall("%-?[A-Za-z]", text)
    for part, directives in _DIRECTIVES.items():
        if sum(token in directives for token in printed) != 1:
            raise ValueError(f"a clock format names the {part} once ({' or '.join(directives)}), {text!r} does not")
    if printed.count("%p") != (printed.count("%I") + printed.count("%-I")):
        raise ValueError(f"a 12-hour clock (%I) and AM or PM (%p) go together, not in {text!r}")
    if any(printed.count(token) > 1 for token in ("%f", "%Z")):
        raise ValueError(f"a clock format names zone and fraction at most once, not {text!r}")
    return text
