"""What of a module can change a result: its code, without comments, docstrings and layout."""

from __future__ import annotations

import ast


def code_of(text: str) -> str:
    """Source of a module reduced to its code, in one layout; a text that is no Python is given back as it is.

    Parameters
    ----------
    text : str
        Source of a Python module.
    """
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
