from pathlib import Path

import pytest

from kefu.tickets.folder import whole_folder


def write(folder: Path, content: str, error: type[BaseException] | None = None) -> None:
    with whole_folder(folder) as new:
        (new / "file").write_text(content)
        if error is not None:
            raise error


def test_it_appears_at_the_end_and_replaces_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "a/b"
    with whole_folder(folder) as new:
        (new / "file").write_text("one")
        assert not folder.exists()
    (folder / "other").touch()
    write(folder, "two")
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("file", "two")]
    assert [path.name for path in folder.parent.iterdir()] == ["b"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interruption_leaves_nothing_new(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        write(tmp_path / "new", "one", error)
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / "old", "one")
    with pytest.raises(error):
        write(tmp_path / "old", "two", error)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old/file").read_text() == "one"
