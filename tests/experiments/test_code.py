from pathlib import Path

import pytest

from kefu.experiments import code
from kefu.experiments.code import PACKAGE, code_digest, imported_files, package_files

EMPTY = ["shop/apples", "shop/pears", "late", "tried", "excepted", "matched", "drawing", "types", "deep", "secret"]


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in which ``main`` imports in every way there is."""
    files = {
        "__init__.py": "from toy.secret import nothing",
        "main.py": "import toy.whole\nfrom toy.shop import Apple\nfrom toy.shop import plums\n"
        "def run():\n    from toy.late import late\n"
        "class Run:\n    try:\n        import toy.tried\n    except ImportError:\n        import toy.excepted\n"
        "    match run:\n        case _:\n            with run:\n                import toy.matched\n"
        "def preview():\n    from toy.drawing import draw\n"
        "if TYPE_CHECKING:\n    from toy.types import Type\nimport json",
        "shop/__init__.py": "from toy.shop.apples import Apple\nfrom toy.shop.pears import Pear",
        "shop/plums.py": "",
        "whole.py": "from toy.deep import deep",
        **{f"{name}.py": "" for name in EMPTY},
    }
    root = tmp_path / "toy"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    monkeypatch.setattr(code, "PACKAGE", root)
    return root


def names(root: Path, *modules: str) -> set[str]:
    return {path.relative_to(root).as_posix() for path in imported_files(modules)}


def test_imports_are_followed_to_the_end(toy: Path) -> None:
    assert {"main.py", "whole.py", "deep.py"} <= names(toy, "toy.main")


def test_imports_within_functions_count(toy: Path) -> None:
    assert "late.py" in names(toy, "toy.main")


def test_imports_within_any_statement_count(toy: Path) -> None:
    assert {"tried.py", "excepted.py", "matched.py"} <= names(toy, "toy.main")


def test_drawings_for_kedro_viz_and_types_do_not_count(toy: Path) -> None:
    assert not {"drawing.py", "types.py"} & names(toy, "toy.main")


def test_of_a_package_that_shows_names_only_those_taken_count(toy: Path) -> None:
    assert {name for name in names(toy, "toy.main") if "shop" in name} == {
        "shop/__init__.py",
        "shop/apples.py",
        "shop/plums.py",
    }


def test_what_the_package_itself_shows_does_not_count(toy: Path) -> None:
    assert not {"__init__.py", "secret.py"} & names(toy, "toy.main")


def test_a_package_is_all_its_modules(toy: Path) -> None:
    assert {path.name for path in package_files("toy.shop")} == {"__init__.py", "apples.py", "pears.py", "plums.py"}


def test_a_digest_tells_of_what_code_rests_on_and_of_nothing_else(toy: Path) -> None:
    (toy / "shop/prices.json").write_text("{}")

    def digest() -> str:
        code_digest.cache_clear()
        return code_digest("toy.main")

    before = digest()
    assert digest() == before
    for name in ("secret.py", "drawing.py", "shop/pears.py"):
        (toy / name).write_text("# changed")
    assert digest() == before
    seen = {before}
    for name in ("main.py", "deep.py", "shop/apples.py", "shop/__init__.py", "shop/prices.json"):
        with (toy / name).open("a") as file:
            file.write("\n# changed")
        seen.add(digest())
    assert len(seen) == 1 + 5
    code_digest.cache_clear()


def test_a_digest_tells_of_versions_of_libraries(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (toy / "deep.py").write_text("import yaml")
    code_digest.cache_clear()
    before = code_digest("toy.deep")
    monkeypatch.setattr("yaml.__version__", "0.0")
    code_digest.cache_clear()
    assert code_digest("toy.deep") != before
    code_digest.cache_clear()


def test_an_unknown_module_is_told() -> None:
    with pytest.raises(ValueError, match=r"no module kefu\.nothing"):
        imported_files(["kefu.nothing"])


def test_training_one_modality_rests_on_no_other_one() -> None:
    files = imported_files(["kefu.pipelines.train.nodes", "kefu.modalities.text"])
    assert PACKAGE / "training" / "trainer.py" in files
    assert not files & (package_files("kefu.modalities.image") | package_files("kefu.modalities.audio"))
