"""What of a module counts as its code."""

from __future__ import annotations

from pathlib import Path

import pytest

from repro.engine import code_digest as source
from repro.engine.code_digest import code_of


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ('"""Other words."""\n\n\ndef f(x):  # why\n    """More."""\n    return x + 1\n', True),
        ("def f(x):\n    return x + 2\n", False),
        ('def f(x):\n    return "x"\n', False),
    ],
)
def test_code_without_comments(other: str, same: bool) -> None:
    """Comments, docstrings and layout make no other code; a number or a string that is returned does."""
    assert (code_of("def f(x):\n    return x + 1\n") == code_of(other)) is same


def test_closure_follows_imports_and_leaves_out_how_work_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a module imports, at its top, in a function or through others, is code of its result; the store is not."""
    monkeypatch.setattr(source, "LIBRARY", tmp_path)
    (tmp_path / "deep").mkdir()
    for name, text in {
        "a.py": "from repro import b\n\n\ndef f():\n    from repro.deep.c import x\n",
        "b.py": "import repro.files\n",
        "store.py": "from repro.d import y\n",
        "d.py": "y = 1\n",
        "alone.py": "z = 1\n",
        "deep/__init__.py": '"""Nothing."""\n',
        "deep/c.py": "x = 1\n",
    }.items():
        (tmp_path / name).write_text(text)
    assert source.closure(tmp_path / "a.py") == {tmp_path / "b.py", tmp_path / "deep" / "c.py"}


@pytest.mark.parametrize(
    ("module", "needed"),
    [
        ("repro.observatory.simulate", "repro.sky.bins"),
        ("repro.observatory.simulate", "repro.seeding"),
        ("repro.clock.clock_corpus", "repro.film.cut"),
        ("repro.classifier.infer_corpus", "repro.classifier.cpu_inference"),
        ("repro.classifier.train_corpus", "repro.intervals"),
    ],
)
def test_receipts_know_all_code_that_decides_a_result(module: str, needed: str) -> None:
    """Modules far from the stage, whose change moves its tables, are among what its receipts rest on."""
    path = source.file_of(module)
    assert path is not None
    assert source.file_of(needed) in source.closure(path)
