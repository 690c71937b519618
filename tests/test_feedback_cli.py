"""`kefu feedback export`, from the database of a service to a folder, and to the tickets of an environment."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from kefu.assistant.messages import IntentGuess, Understanding
from kefu.cli import kefu
from kefu.service.storage import AgentStore, ConversationStore, Database, Inbox, MediaStore, NewMessage, Role, Thumb
from kefu.tickets.table import read_tickets

ROOT = Path(__file__).parents[1]


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database with one message that an agent corrected, one with a thumb up, one with a thumb down."""
    url = f"sqlite:///{tmp_path}/service/kefu.sqlite"
    monkeypatch.setenv("KEFU_STORAGE", url)
    monkeypatch.setenv("KEFU_MEDIA", str(tmp_path / "service" / "media"))
    database = Database(url)
    agent = AgentStore(database).add("ann", Role.AGENT, "hash")
    assert agent.id is not None
    store = ConversationStore(database)
    picture = MediaStore(tmp_path / "service" / "media").keep(b"a picture")
    thumbs = {"my kettle smokes, call 13912345678": None, "where is my money": Thumb.UP, "that is no help": Thumb.DOWN}
    for number, (text, thumb) in enumerate(thumbs.items()):
        talk = store.begin("en", f"{number}" * 64)
        asked, _ = store.accept(talk.id, NewMessage(text=text, image=picture if thumb is None else None))
        guesses = (IntentGuess(label="refund", probability=0.9), IntentGuess(label="login", probability=0.1))
        understanding = Understanding(language="en", text=text, intents=guesses).model_dump(mode="json")
        reply = {"language": "en", "sentences": [{"text": "Well.", "citations": []}], "hand_over": None}
        said = store.answer(asked, understanding, reply, {})
        assert said is not None
        store.judge(talk.id, said.id, thumb)
        if thumb is None:
            Inbox(database).correct(talk.id, asked.id, agent.id, "damaged_item")
    return database


def export(*arguments: str) -> Result:
    return CliRunner().invoke(kefu, ["feedback", "export", *arguments])


def test_a_folder_that_kefu_import_takes(service: Database, tmp_path: Path) -> None:
    told = export("--out", str(tmp_path / "out"))
    assert told.exit_code == 0, told.output
    frame = read_tickets(tmp_path / "out/tickets.csv").frame
    assert frame["label"].tolist() == ["damaged_item", "refund"]
    assert frame["text"].tolist() == ["my kettle smokes, call [phone]", "where is my money"]
    assert (tmp_path / "out" / frame["image"][0]).read_bytes() == b"a picture"
    assert "tickets new 2" in told.output
    assert "damaged_item: 1" in told.output
    told = export("--out", str(tmp_path / "all"), "--unlabelled")
    assert "without a label: 1" in told.output


def test_how_sure_the_model_was_and_since_when_can_be_asked_for(service: Database, tmp_path: Path) -> None:
    assert "tickets new 1" in export("--out", str(tmp_path / "sure"), "--min-probability", "0.95").output
    told = export("--out", str(tmp_path / "late"), "--since", "2100-01-01")
    assert (told.exit_code, told.stderr.splitlines()[-1].startswith("Error: ")) == (2, True)
    assert "nobody has judged" in told.stderr
    assert not (tmp_path / "late").exists()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an environment `mine` of two tickets, without DVC."""
    import shutil

    root = tmp_path / "project"
    shutil.copytree(ROOT / "conf", root / "conf", ignore=shutil.ignore_patterns("local"))
    (root / "conf/local").mkdir()
    (root / "conf/mine").mkdir()
    table = root / "data/01_raw/mine/tickets.csv"
    table.parent.mkdir(parents=True)
    (root / "conf/mine/globals.yml").write_text(
        yaml.safe_dump({"dataset": "mine", "tickets_path": "data/01_raw/mine/tickets.csv"}), "utf-8"
    )
    for name in ("pyproject.toml", "dvc.yaml"):
        shutil.copy(ROOT / name, root)
    (root / "src").mkdir()
    table.write_text("ticket_id,text,label\nt1,a,refund\nt2,b,login\n", "utf-8")
    monkeypatch.chdir(root)
    return root


def test_rows_are_appended_to_an_environment_once(service: Database, project: Path) -> None:
    told = export("--env", "mine")
    assert told.exit_code == 0, told.output + told.stderr
    frame = read_tickets(project / "data/01_raw/mine/tickets.csv").frame
    assert frame["ticket_id"].tolist()[:2] == ["t1", "t2"]
    assert frame["label"].tolist() == ["refund", "login", "damaged_item", "refund"]
    assert "no DVC repository" in told.output
    assert "kefu models promote current --env mine" in told.output
    again = export("--env", "mine")
    assert "tickets new 0, with another label than before 0" in again.output
    assert "Next" not in again.output


@pytest.mark.parametrize(
    ("arguments", "mend"),
    [
        ([], "--env appends"),
        (["--env", "mine", "--out", "x"], "--env appends"),
        (["--env", "mine", "--unlabelled"], "--unlabelled goes with --out"),
        (["--env", "local"], "is made by the stage demo_data"),
        (["--env", "banking77"], "no table that rows can be added to"),
        (["--env", "nobody"], "there is no environment 'nobody'"),
    ],
)
def test_mistakes_are_one_line(service: Database, project: Path, arguments: list[str], mend: str) -> None:
    told = export(*arguments)
    assert told.exit_code == 2
    lines = [line for line in told.stderr.splitlines() if line.strip()]
    assert mend in lines[-1]
    assert "Traceback" not in told.output
