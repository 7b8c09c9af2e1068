"""What of a module counts as its code."""

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


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small library in place of the project's own."""
    for module in (code_digest, receipts):
        monkeypatch.setattr(module, "LIBRARY", tmp_path)
    for name, text in {
        "a.py": "from repro import b\n\n\ndef f():\n    from repro.deep.c import x\n    import repro.full.e\n",
        "b.py": "import repro.files\n",
        "files.py": "from repro.d import y\n",
        "d.py": "y = 1\n",
        "alone.py": "z = 1\n",
        "deep/__init__.py": '"""Nothing."""\n',
        "deep/c.py": "x = 1\n",
        "full/__init__.py": '"""Words."""\n\nLIMIT = 2\n',
        "full/e.py": "import repro.f\n",
        "f.py": "w = 1\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_what_counts_as_code_of_a_result(library: Path) -> None:
    """What a module imports, at its top, in a function or through others, packages with code too; not how work is run.

    A change in any of this makes a night be done again; a comment does not, and neither does a change elsewhere.
    """
    names = ("b.py", "deep/c.py", "f.py", "full/__init__.py", "full/e.py")
    assert closure(library / "a.py") == {library / name for name in names}

    def digest() -> str:
        receipts.code_of_modules.cache_clear()
        return settings_digest({}, "repro.a")

    before = digest()
    for file in library.rglob("*.py"):
        text = file.read_text()
        file.write_text(text + "\n# a remark\n")
        assert digest() == before, file
        file.write_text(text + "\nCHANGED = 1\n")
        assert (digest() != before) == (file.relative_to(library).as_posix() in ("a.py", "deep/__init__.py", *names))
        file.write_text(text)


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
    """Python's own search for the modules of a program finds none that the closure lacks, and no name is computed."""
    source = code_digest.file_of(module)
    finder = WithoutPublicFace(path=[str(ROOT)], excludes=[f"repro.{name}" for name in code_digest.CROSS_CUTTING])
    finder.run_script(str(source))
    loaded = {Path(found.__file__) for name, found in finder.modules.items() if name.startswith("repro.")}
    assert {file for file in loaded if code_of(file.read_text(encoding="utf-8")) != "pass"} <= closure(source)
    assert bool(loaded) == bool(closure(source))
    texts = [file.read_text() for file in closure(source)]
    assert not [text for text in texts if "import_module" in text or "__import__" in text]


def test_cross_cutting_modules_need_no_others() -> None:
    """What no result rests on imports nothing that a result may rest on."""
    for name in code_digest.CROSS_CUTTING:
        for file in [*(LIBRARY / name).rglob("*.py"), LIBRARY / f"{name}.py"]:
            if file.is_file():
                assert closure(file) == set(), file
