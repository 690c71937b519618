"""`kefu import` in a project of its own, with git and DVC, and the way to a remote and back."""

import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from kefu.cli import kefu
from kefu.experiments import tracking

ROOT = Path(__file__).parents[1]
TEXTS = {
    "where is my refund": "refund",
    "cannot log in": "login",
    "我要退款，请处理": "refund",
    "登录不了": "login",
}
ROWS = [(f"t{number}", text, f"photos/{number}.png", TEXTS[text]) for number, text in enumerate(TEXTS)]


def shell(folder: Path, *command: str) -> str:
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def git(folder: Path, *arguments: str) -> str:
    return shell(folder, "git", "-c", "user.name=somebody", "-c", "user.email=somebody@example.org", *arguments)


def dvc(folder: Path, *arguments: str) -> str:
    return shell(folder, sys.executable, "-m", "dvc", *arguments)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def shop(tmp_path):
    folder = tmp_path / "My Shop"
    (folder / "photos").mkdir(parents=True)
    for number in range(len(ROWS)):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 48, 3), dtype=np.uint8)
        (folder / f"photos/{number}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    lines = ["ticket_id,text,image,label", *(",".join(row) for row in ROWS)]
    (folder / "tickets.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def project(tmp_path, monkeypatch):
    root = tmp_path / "project"
    shutil.copytree(ROOT / "conf", root / "conf", ignore=shutil.ignore_patterns("local"))
    (root / "conf" / "local").mkdir()
    for name in ("pyproject.toml", ".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, root)
    (root / "src").mkdir()
    (root / "data/01_raw").mkdir(parents=True)
    (root / "data/01_raw/.gitkeep").touch()
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def repository(project):
    pytest.importorskip("dvc")
    git(project, "init", "-q")
    dvc(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "first")
    return project


def call(*arguments):
    return CliRunner().invoke(kefu, ["import", *(str(argument) for argument in arguments)])


def environment(project, name):
    return yaml.safe_load((project / f"conf/{name}/globals.yml").read_text("utf-8"))


def test_tickets_are_placed_and_told(project, shop):
    result = call(shop)
    assert result.exit_code == 0, (result.output, result.exception)
    assert files(project / "data/01_raw/my_shop") == files(shop)
    assert environment(project, "my_shop") == {"dataset": "my_shop", "tickets_path": "data/01_raw/my_shop/tickets.csv"}
    for part in (
        "a table of tickets: tickets 4, files 4",
        "not tracked: the project is no DVC repository",
        "4 rows: 4 tickets kept, 0 quarantined",
        "just image + text",
        "zh",
        "kedro run --pipeline train_fusion --env my_shop",
    ):
        assert part in result.output
    checked = CliRunner().invoke(kefu, ["check", "--env", "my_shop"])
    assert "4 rows: 4 tickets kept" in checked.output


def test_data_go_to_a_remote_and_come_back(repository, shop, tmp_path):
    result = call(shop, "--name", "shop")
    assert "tracked by DVC: data/01_raw/shop.dvc" in result.output
    assert git(repository, "status", "--short").split() == ["??", "conf/shop/", "??", "data/01_raw/shop.dvc"]
    (told,) = (line.split("#")[0].split() for line in result.output.splitlines() if "git add" in line)
    git(repository, *told[1:])
    git(repository, "commit", "-qm", "tickets of the shop")
    dvc(repository, "remote", "add", "-d", "storage", str(tmp_path / "remote"))
    dvc(repository, "push")
    placed = files(repository / "data/01_raw/shop")
    shutil.rmtree(repository / ".dvc/cache")
    shutil.rmtree(repository / "data/01_raw/shop")
    dvc(repository, "pull")
    assert files(repository / "data/01_raw/shop") == placed == files(shop)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(repository), str(clone))
    dvc(clone, "remote", "add", "-d", "storage", str(tmp_path / "remote"))
    dvc(clone, "pull", "data/01_raw/shop.dvc")
    assert files(clone / "data/01_raw/shop") == placed


def test_tracked_tickets_are_what_stages_read(repository, shop):
    call(shop, "--name", "shop")
    assert CliRunner().invoke(kefu, ["dvc-sync", "--env", "shop"]).exit_code == 0
    stages = yaml.safe_load((repository / "dvc.yaml").read_text("utf-8"))["stages"]
    assert "data/01_raw/shop/tickets.csv" in stages["check"]["deps"]
    assert "data/01_raw/shop" in stages["clean_image"]["deps"]
    (repository / "src/kefu").symlink_to(ROOT / "src/kefu")
    graph = dvc(repository, "dag", "clean_image")
    assert "data/01_raw/shop.dvc" in graph


def test_tickets_that_lie_there_stay(repository, shop):
    target = repository / "data/01_raw/shop"
    shutil.copytree(shop, target)
    (target / "notes.txt").write_text("kept")
    for source in (target, target / "tickets.csv", Path("data/01_raw/shop")):
        result = call(source)
        assert "stays where it is" in result.output
        assert "tracked by DVC" in result.output
    assert (target / "notes.txt").is_file()


def test_what_was_imported_is_replaced_only_by_force(project, shop):
    assert call(shop, "--name", "shop").exit_code == 0
    (shop / "tickets.csv").unlink()
    (shop / "tickets.jsonl").write_text('{"ticket_id": "1", "text": "hello you there", "label": "a"}\n')
    refused = call(shop, "--name", "shop")
    assert (refused.exit_code, "--force replaces it" in refused.stderr) == (2, True)
    assert (project / "data/01_raw/shop/tickets.csv").is_file()
    assert call(shop, "--name", "shop", "--force").exit_code == 0
    assert list(files(project / "data/01_raw/shop")) == ["tickets.jsonl"]
    assert environment(project, "shop")["tickets_path"] == "data/01_raw/shop/tickets.jsonl"


def test_an_environment_of_other_tickets_is_left_alone(project, shop):
    before = (project / "conf/retail/globals.yml").read_text("utf-8")
    for more in ((), ("--force",)):
        result = call(shop, "--name", "retail", *more)
        assert (result.exit_code, "its tickets are others" in result.stderr) == (2, True)
    assert (project / "conf/retail/globals.yml").read_text("utf-8") == before
    assert not (project / "data/01_raw/retail").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere: no such file or folder"),
        (["--name", "demo"], "cannot be called 'demo'"),
        (["--name", "My Shop"], "as in 'my_shop'"),
        (["--name", "../up"], "use small letters"),
        (["--column", "label"], "write kefu's name and the table's"),
        (["--column", "label=kind"], "no column 'kind', which is to be 'label'"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(project, shop, arguments, said):
    before = files(project)
    result = call(*([] if arguments == ["nowhere"] else [shop]), *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert files(project) == before


def test_ctrl_c_leaves_nothing(project, shop, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("kefu.importers.place.find_media", interrupt)
    before = files(project)
    result = call(shop)
    assert (result.exit_code, result.stderr) == (130, "Interrupted\n")
    assert files(project) == before
    assert not (project / "conf/my_shop").exists()


def test_a_source_within_what_would_be_replaced_is_refused(project, shop):
    shutil.copytree(shop, project / "data/01_raw/shop/new")
    result = call(project / "data/01_raw/shop/new", "--name", "shop", "--force")
    assert (result.exit_code, "would be replaced" in result.stderr) == (2, True)
    assert (project / "data/01_raw/shop/new/tickets.csv").is_file()


def test_names_may_be_chinese_or_numbers(project, shop):
    for name in ("投诉", "2024"):
        assert call(shop, "--name", name).exit_code == 0
        assert environment(project, name)["dataset"] == name


def test_tickets_without_labels_are_imported(project, shop):
    (shop / "tickets.csv").write_text("ticket_id,text\n1,hello there\n", encoding="utf-8")
    result = call(shop)
    assert result.exit_code == 0, result.output
    assert "Labels were left out of the check" in result.stderr


def test_dvc_is_not_needed(repository, shop, monkeypatch):
    assert "tracked" not in call(shop, "--no-dvc").output
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    result = call(shop, "--force")
    assert result.exit_code == 0
    assert "not tracked: DVC is not installed (pip install 'kefu[tracking]')" in result.output


def test_a_failure_of_dvc_is_told_in_a_line(repository, shop):
    (repository / ".dvc/config").write_text("[core\n")
    result = call(shop)
    assert result.exit_code == 0
    assert "not tracked: dvc add failed (" in result.output
    assert "Next:" in result.output
