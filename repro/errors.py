"""One kind of error a user is meant to read: what was found, what was expected, where, and what to do."""

from __future__ import annotations


class ReproError(Exception):
    """A problem the user can act on.

    Parameters
    ----------
    found : str
        What was found, with the offending value.
    expected : str
        What would have been right, with the known alternatives.
    where : str
        File, night, line, claim or field.
    remedy : str
        What to do next.
    """

    def __init__(self, *, found: str, expected: str, where: str, remedy: str) -> None:
        self.found = found
        self.expected = expected
        self.where = where
        self.remedy = remedy
        super().__init__(found, expected, where, remedy)

    def __reduce__(self) -> tuple[object, ...]:
        # Workers send errors between processes; keyword-only arguments need this to survive pickling.
        return (_rebuild, (type(self), self.found, self.expected, self.where, self.remedy))

    def __str__(self) -> str:
        return f"found:    {self.found}\nexpected: {self.expected}\nwhere:    {self.where}\nto do:    {self.remedy}"


def _rebuild(kind: type[ReproError], found: str, expected: str, where: str, remedy: str) -> ReproError:
    return kind(found=found, expected=expected, where=where, remedy=remedy)
