"""What of a module counts as its code."""

from __future__ import annotations

import shutil
from modulefinder import ModuleFinder
from pathlib import Path

import pytest

from repro.engine import code_digest, receipts
from repro.engine.code_digest import LIBRARY, closure, code_of
from repro.engine.receipts import settings_digest
from tests.conftest import ROOT

#: Every module that takes a digest of its own code.
WITH_RECEIPTS = sorted(
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for file in LIBRARY.rglob("*.py")
    if "settings_digest(" in file.read_text(encoding="utf-8") and file.parent.name != "engine"
)


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
    monkeypatch.setattr(code_digest, "LIBRARY", tmp_path)
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
    assert closure(tmp_path / "a.py") == {tmp_path / "b.py", tmp_path / "deep" / "c.py"}


def test_a_package_with_code_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code in a package's ``__init__.py`` runs with each of its modules, so it counts with each of them."""
    monkeypatch.setattr(code_digest, "LIBRARY", tmp_path)
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.py").write_text("import repro.deep.c\n")
    (tmp_path / "deep" / "c.py").write_text("x = 1\n")
    (tmp_path / "deep" / "__init__.py").write_text('"""Words."""\n\nLIMIT = 2\n')
    assert tmp_path / "deep" / "__init__.py" in closure(tmp_path / "a.py")


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the library, which digests are taken of."""
    target = tmp_path / "repro"
    shutil.copytree(LIBRARY, target, ignore=lambda _, names: {n for n in names if "." in n and n[-3:] != ".py"})
    for module in (code_digest, receipts):
        monkeypatch.setattr(module, "LIBRARY", target)
    return target


@pytest.mark.parametrize("module", WITH_RECEIPTS)
def test_code_that_decides_a_night_invalidates_its_receipt(module: str, library: Path) -> None:
    """A change in any module that a stage's nights rest on makes them be done again, and a comment does not."""
    source = code_digest.file_of(module)

    def digest() -> str:
        receipts.code_of_modules.cache_clear()
        return settings_digest({}, module)

    before = digest()
    for file in sorted({source, *closure(source)}):
        text = file.read_text(encoding="utf-8")
        file.write_text(text + "\nCHANGED = 1\n", encoding="utf-8")
        assert digest() != before, file
        file.write_text(text + "\n# a remark\n", encoding="utf-8")
        assert digest() == before, file
        file.write_text(text, encoding="utf-8")


class WithoutPublicFace(ModuleFinder):
    """A finder that does not follow the functions of the library's own ``__init__``, which call every package."""

    def load_package(self, fqname: str, pathname: str) -> object:
        """Load a package; of the library itself only its place."""
        if fqname != "repro":
            return super().load_package(fqname, pathname)
        module = self.add_module(fqname)  # type: ignore[attr-defined]
        module.__file__, module.__path__ = pathname, [pathname]
        return module


@pytest.mark.parametrize("module", WITH_RECEIPTS)
def test_closure_is_all_that_python_imports(module: str) -> None:
    """Python's own search for the modules of a program finds none that the closure lacks."""
    source = code_digest.file_of(module)
    finder = WithoutPublicFace(path=[str(ROOT)], excludes=[f"repro.{name}" for name in code_digest.CROSS_CUTTING])
    finder.run_script(str(source))
    loaded = {Path(found.__file__) for name, found in finder.modules.items() if name.startswith("repro.")}
    assert {file for file in loaded if code_of(file.read_text(encoding="utf-8")) != "pass"} <= closure(source)
    assert bool(loaded) == bool(closure(source))


def test_modules_are_imported_by_name_where_results_are_made() -> None:
    """No module that a result rests on imports by a computed name, which no closure could follow."""
    files = {file for module in WITH_RECEIPTS for file in closure(code_digest.file_of(module))}
    assert [file for file in files if "import_module" in file.read_text() or "__import__" in file.read_text()] == []


def test_cross_cutting_modules_need_no_others() -> None:
    """What no result rests on imports nothing that a result may rest on."""
    for name in code_digest.CROSS_CUTTING:
        for file in [*(LIBRARY / name).rglob("*.py"), LIBRARY / f"{name}.py"]:
            if file.is_file():
                assert closure(file) == set(), file
