"""Arithmetic over claims: the small language of the ``formula`` of a rule.

A formula is an expression of numbers, claim ids, ``+ - * /``, the comparisons ``< <= == >= >``, ``and`` and the functions
in :data:`FUNCTIONS`. An id stands for the claim's value. ``'T3.*.NO_MOON'`` in quotes is a pattern; ``*`` stands for
one part of an id. Nothing else of Python can be reached.

The checks of :mod:`repro.record.consistency` take ids in quotes for printed numbers, whose rounding matters, and values for
the rest: ``grim('TXT.MEAN', TXT.N)``, ``grim('TXT.SHARE', TXT.N, 100)``, ``grimmer('TXT.MEAN', 'TXT.SD', TXT.N)``,
``debit('TXT.MEAN', 'TXT.SD', TXT.N)``, ``bhatia_davis('TXT.MEAN', 'TXT.SD', 0, 100)``, ``partition('T1.*', 'T1.TOTAL')``,
``percentage('TXT.SHARE', TXT.PART, TXT.WHOLE)``, ``p_value_fits('TXT.P', 't', 'TXT.T', TXT.DF)``.
"""

from __future__ import annotations

import ast
import math
import operator
import sys
import warnings
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from repro.record import consistency
from repro.record.claims import Claims, Value
from repro.record.consistency import Printed
from repro.untrusted import message_of, short_repr

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}

#: Longest formula, and longest text in one, so that any formula ends in a moment.
LONGEST = 10_000


class FormulaError(ValueError):
    """A formula that cannot be read or evaluated."""


def _shifted(stamp: str, hours: float) -> str:
    """A date or a date and time (ISO), moved by hours; in the form it came in."""
    moved = datetime.fromisoformat(stamp) + timedelta(hours=hours)
    return moved.date().isoformat() if len(stamp) == len("2022-12-01") else moved.isoformat(sep=" ")


def _replaced(text: str, old: str, new: str) -> str:
    """A text with every ``old`` written as ``new``."""
    if len(text) + text.count(old) * len(new) > LONGEST:
        raise FormulaError(f"texts above {LONGEST} characters are refused")
    return text.replace(old, new)


def _round(value: float, digits: int | None = None) -> float:
    """A number to so many digits after the point; to a whole number without."""
    if digits is not None and not 0 <= digits <= 15:
        raise FormulaError("rounding takes 0 to 15 digits")
    return round(value, digits)


#: Functions over plain values.
VALUE_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "round": _round,
    "floor": math.floor,
    "days": lambda first, last: (date.fromisoformat(last) - date.fromisoformat(first)).days + 1,  # both included
    "hours": lambda first, last: (datetime.fromisoformat(last) - datetime.fromisoformat(first)) / timedelta(hours=1),
    "shifted": _shifted,
    "number": lambda word: int("".join(filter(str.isdigit, word))),  # of a word such as E10
    "digits": lambda text: sum(map(str.isdigit, text)),
    "part": lambda text, first, last: text[first:last],  # counted from 0, the last one left out
    "replaced": _replaced,
    "items": lambda text: len(text.split(",")),
}


def _numbers(claims: Claims, pattern: str) -> dict[str, float]:
    matching = claims.matching(pattern)
    if not matching:
        raise FormulaError(f"no claim matches {pattern!r}")
    for claim in matching:
        if not claim.is_number:
            raise FormulaError(f"{claim.id} is not a number")
    return {claim.id: claim.value for claim in matching}  # type: ignore[misc]


def _free_part(name: str, pattern: str) -> str:
    """The parts of an id that stand where the pattern has ``*``, joined by dots."""
    parts = zip(name.split("."), pattern.split("."), strict=True)
    return ".".join(part for part, asked in parts if "*" in asked)


#: Functions over all claims that match a pattern.
PATTERN_FUNCTIONS: dict[str, Callable[[Claims, str], Value]] = {
    "total": lambda claims, pattern: sum(_numbers(claims, pattern).values()),
    "mean": lambda claims, pattern: math.fsum(values := _numbers(claims, pattern).values()) / len(values),
    "count": lambda claims, pattern: len(claims.matching(pattern)),
    "lowest": lambda claims, pattern: min(_numbers(claims, pattern).values()),
    "highest": lambda claims, pattern: max(_numbers(claims, pattern).values()),
    "where_lowest": lambda claims, pattern: _free_part(
        min((values := _numbers(claims, pattern)), key=values.__getitem__), pattern
    ),
    "where_highest": lambda claims, pattern: _free_part(
        max((values := _numbers(claims, pattern)), key=values.__getitem__), pattern
    ),
}

#: Checks of printed numbers, and at which positions each takes ids in quotes.
CONSISTENCY_CHECKS: dict[str, tuple[Callable[..., bool], tuple[int, ...]]] = {
    "grim": (consistency.grim, (0,)),
    "grimmer": (consistency.grimmer, (0, 1)),
    "debit": (consistency.debit, (0, 1)),
    "bhatia_davis": (consistency.bhatia_davis, (0, 1)),
    "partition": (lambda parts, whole: consistency.partition(parts, *whole), (0, 1)),
    "percentage": (consistency.percentage, (0,)),
    "p_value_fits": (consistency.p_value_fits, (0, 2)),
}

FUNCTIONS = tuple(sorted({*VALUE_FUNCTIONS, *PATTERN_FUNCTIONS, *CONSISTENCY_CHECKS}))


def _checked(name: str, arguments: list[Any], claims: Claims) -> bool:
    check, quoted = CONSISTENCY_CHECKS[name]
    for place in quoted:
        if place >= len(arguments) or not isinstance(arguments[place], str):
            raise FormulaError(f"{name} takes a claim id in quotes at position {place + 1}")
        values = _numbers(claims, arguments[place])
        printed = [Printed(value, claims[name].decimals) for name, value in values.items()]
        if name != "partition" and len(printed) != 1:
            raise FormulaError(
                f"{name} takes one claim at position {place + 1}, {arguments[place]!r} names {len(printed)}"
            )
        arguments[place] = printed if name == "partition" else printed[0]
    return check(*arguments)


#: Positions at which a function takes patterns or ids in quotes.
_PATTERN_PLACES = dict.fromkeys(PATTERN_FUNCTIONS, (0,)) | {
    name: places for name, (_, places) in CONSISTENCY_CHECKS.items()
}


def _dotted(node: ast.expr) -> str | None:
    parts = []
    while isinstance(node, ast.Attribute):  # no recursion: a formula may be a chain of any length
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


@lru_cache(maxsize=4096)
def references(formula: str) -> frozenset[str]:
    """Claim ids and patterns that a formula names; other texts in quotes are not among them.

    Raises FormulaError if the formula cannot be read.
    """
    nodes = list(ast.walk(_parse(formula)))
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    # A dotted id is a chain of nodes; only the outermost one is the id, and a called name is a function.
    inner = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)} | {id(call.func) for call in calls}
    ids = {_dotted(node) for node in nodes if isinstance(node, ast.Name | ast.Attribute) and id(node) not in inner}
    patterns = {
        argument.value
        for call in calls
        if isinstance(call.func, ast.Name)
        for place in _PATTERN_PLACES.get(call.func.id, ())
        if place < len(call.args) and isinstance(argument := call.args[place], ast.Constant)
    }
    return frozenset(str(name) for name in ids | patterns if name is not None)


def unresolved(formula: str, claims: Claims) -> list[str]:
    """Ids and patterns of a formula that name no registered claim, in alphabetical order."""
    return sorted(name for name in references(formula) if not claims.matching(name))


def is_one_value(formula: str) -> bool:
    """Whether a formula is one claim or none, at most rescaled by constants, cut out or put into other characters.

    ``A``, ``100 * A``, ``round(A / 60, 1)``, ``part(A, 0, 4)`` and ``A + ' MST'`` are; ``A + 1`` is not. Raises
    FormulaError if the formula cannot be read.
    """
    return _is_one_value(_parse(formula))


def _is_one_value(node: ast.expr) -> bool:
    match node:
        case ast.Constant() | ast.Name() | ast.Attribute():
            return True
        case ast.UnaryOp(operand=operand):
            return _is_one_value(operand)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div(), right=right):
            constant_side = any(not references(ast.unparse(side)) for side in (left, right))
            return constant_side and _is_one_value(left) and _is_one_value(right)
        case ast.BinOp(left=left, op=ast.Add(), right=right) if any(
            isinstance(side, ast.Constant) and isinstance(side.value, str) for side in (left, right)
        ):
            return _is_one_value(left) and _is_one_value(right)
        case ast.Call(func=ast.Name(id="part" | "replaced"), args=[text, *others]):
            return _is_one_value(text) and all(isinstance(other, ast.Constant) for other in others)
        case ast.Call(func=ast.Name(id="floor"), args=[ast.BinOp()]):
            pass  # what is cut off is not the value again
        case ast.Call(func=ast.Name(id="round" | "abs" | "floor" | "number"), args=[argument, *_]):
            return _is_one_value(argument)
    return not references(ast.unparse(node))


@lru_cache(maxsize=4096)
def _parse(formula: str) -> ast.expr:
    if len(formula) > LONGEST:
        raise FormulaError(f"cannot read a formula of {len(formula):,} characters; {LONGEST:,} are allowed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # what it warns of is refused below
            return ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FormulaError(f"cannot read {short_repr(formula)}: {message_of(error)}") from None


def evaluate(formula: str, claims: Claims) -> Value:
    """Value of a formula.

    Raises FormulaError if the formula names no claim, uses anything but the language above, or divides by zero.
    """
    try:
        result = _value(_parse(formula), claims)
    except FormulaError:
        raise
    except (ArithmeticError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise FormulaError(f"cannot evaluate {short_repr(formula)}: {message_of(error)}") from None
    if not isinstance(result, bool | int | float | str):
        raise FormulaError(f"{short_repr(formula)} gives no plain value")
    if isinstance(result, str):
        if not result.isprintable():
            raise FormulaError(f"{short_repr(formula)} gives a text that cannot be printed")
    elif not abs(result) < math.inf or abs(result) > sys.float_info.max:
        raise FormulaError(f"{short_repr(formula)} gives no number that can be printed")
    return result


def _value(node: ast.expr, claims: Claims) -> Any:
    match node:
        case ast.Constant(value=bool() | int() | float() | str()):
            return node.value
        case ast.Name() | ast.Attribute():
            name = _dotted(node)
            if name is None or name not in claims:
                raise FormulaError(f"{ast.unparse(node)} is no registered claim")
            return claims[name].value
        case ast.BinOp() if type(node.op) in _BINARY:
            left, right = _value(node.left, claims), _value(node.right, claims)
            if isinstance(left, str) != isinstance(right, str) or (
                isinstance(left, str) and type(node.op) is not ast.Add
            ):
                raise FormulaError(f"{ast.unparse(node)}: texts can only be joined to texts")
            return _BINARY[type(node.op)](left, right)
        case ast.UnaryOp(op=ast.USub()):
            return -_value(node.operand, claims)
        case ast.BoolOp(op=ast.And()):
            values = [bool(_value(part, claims)) for part in node.values]  # each term is evaluated, so that errors show
            return all(values)
        case ast.Compare() if all(type(op) in _COMPARE for op in node.ops):
            terms = [_value(part, claims) for part in (node.left, *node.comparators)]
            return all(_COMPARE[type(op)](a, b) for op, a, b in zip(node.ops, terms[:-1], terms[1:], strict=True))
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in PATTERN_FUNCTIONS and len(node.args) == 1:
            return PATTERN_FUNCTIONS[name](claims, str(_value(node.args[0], claims)))
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in CONSISTENCY_CHECKS:
            return _checked(name, [_value(part, claims) for part in node.args], claims)
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in VALUE_FUNCTIONS:
            return VALUE_FUNCTIONS[name](*(_value(part, claims) for part in node.args))
    raise FormulaError(f"{ast.unparse(node)} is not part of the language; it has {', '.join(FUNCTIONS)}")
