"""The code that a result depends on: a module and all that it imports, without comments, docstrings and layout."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

LIBRARY = Path(__file__).parents[1]
#: Modules that run, list and write work: none of them changes a result, so no stage and no receipt depends on them.
CROSS_CUTTING = frozenset({"engine", "errors", "files", "params", "paths", "untrusted"})


@cache
def code_of(text: str) -> str:
    """Source of a module reduced to its code, in one layout; a text that is not Python is returned unchanged."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return text
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def closure(path: Path) -> set[Path]:
    """Files of the library that a script imports, directly or not; cross-cutting modules and empty packages are left out.

    An import inside a function counts like one at the top, and so does the ``__init__.py`` of a package that is imported from.
    That of the library itself is left out: it offers names to users, and would make every module depend on every other.
    """
    reached: set[Path] = set()
    waiting = [path]
    while waiting:
        for name in _imports(waiting.pop().read_text(encoding="utf-8")):
            file = file_of(name)
            if file and file not in reached and file.relative_to(LIBRARY).with_suffix("").parts[0] not in CROSS_CUTTING:
                reached.add(file)
                waiting.append(file)
    return {file for file in reached if not _is_empty(file.read_text(encoding="utf-8"))}


def file_of(module: str) -> Path | None:
    """File of a module of the library, such as ``repro.film.film_corpus``; None if the name is no module."""
    base = LIBRARY.joinpath(*module.split(".")[1:])
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def imports(path: Path) -> set[str]:
    """Modules of the library that a file imports, at its top or inside a function, and the packages that hold them."""
    return set(_imports(path.read_text(encoding="utf-8")))


@cache
def _imports(text: str) -> frozenset[str]:
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    parts = [name.split(".") for name in names if name.startswith("repro.")]
    return frozenset(".".join(name[:length]) for name in parts for length in range(2, len(name) + 1))


@cache
def _is_empty(text: str) -> bool:
    """Whether a module is a docstring and nothing else."""
    return code_of(text) in ("", "pass")
