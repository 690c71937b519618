"""What the documents say a person can type is there, and what they link to exists."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import click
import pandas as pd
import pytest
import torch
from kedro.framework.project import configure_project, pipelines
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from kefu.cli import kefu
from kefu.fusion.contract import Embeddings, Fusion
from kefu.model import FusedModel
from kefu.parameters import Parameters
from kefu.tickets.faults import Reason

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
OWN_ENVIRONMENT = "mine"  # which the documents tell the reader to make


def commands(program: str) -> list[tuple[str, list[str]]]:
    """Return (document, words) of each command in a code block or between backticks."""
    found = []
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        fenced = re.findall(r"^ *```(\w*)[^\n]*\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
        blocks = [block for kind, block in fenced if kind in {"", "sh", "bash", "console"}]
        prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
        lines = [part for block in blocks for line in block.splitlines() for part in line.split("&&")]
        for line in [*lines, *re.findall(r"`([^`\n]+)`", prose)]:
            words = line.split("#")[0].strip()
            if words.startswith(f"{program} "):
                found.append((document.name, shlex.split(words)[1:]))
    return found


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_the_make_commands_exist() -> None:
    typed = {
        (name, word)
        for name, words in commands("make")
        for word in words
        if "=" not in word and not word.startswith("-")
    }
    assert {"run", "test", "setup"} <= {word for _, word in typed}
    assert {(name, word) for name, word in typed if word not in make_targets()} == set()


def test_the_kedro_pipelines_and_environments_exist() -> None:
    configure_project("kefu")
    runs = [(name, words) for name, words in commands("kedro") if words[0] == "run"]
    assert runs
    for name, words in runs:
        options = dict(pairwise(words))
        for option in ("--pipeline", "--pipelines"):
            asked = set(options.get(option, "train_fusion").split(","))
            assert asked <= set(pipelines), f"{name}: kedro {' '.join(words)}"
        environment = options.get("--env", OWN_ENVIRONMENT)
        assert environment == OWN_ENVIRONMENT or (ROOT / "conf" / environment).is_dir(), name


def test_the_kefu_commands_and_options_exist() -> None:
    typed = commands("kefu")
    assert {"check", "predict", "parameters"} <= {words[0] for _, words in typed}
    for name, words in typed:
        command: click.Command | None = kefu
        for word in words:
            if not isinstance(command, click.Group) or word.startswith("-"):
                break
            command = command.get_command(None, word)  # type: ignore[arg-type]
        assert command is not None, f"{name}: kefu {' '.join(words)}"
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, f"{name}: kefu {' '.join(words)}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    prose = re.sub(r"^ *```.*?^ *```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose)
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not (document.parent / link).exists()] == []


def test_every_decision_is_listed() -> None:
    index = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    assert [path.name for path in (ROOT / "docs/decisions").glob("0*.md") if f"({path.name})" not in index] == []


def test_every_reason_has_a_mend() -> None:
    text = (ROOT / "docs/tickets.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", text.split("## Quarantine")[1], re.MULTILINE)
    assert documented == [reason.value for reason in Reason]


def test_the_python_of_the_prediction_guide_runs(
    tiny_model: FusedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "docs/predict.md").read_text(encoding="utf-8")
    folder = re.search(r'Predictor\.load\("([^"]+)"\)', text)
    assert folder is not None
    tiny_model.to_bundle().save(tmp_path / folder[1])
    (tmp_path / "new.csv").write_text("ticket_id,text\n1,where is my refund\n2,我要退款\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    names = {"frame": pd.read_csv("new.csv")}
    for block in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(block, names)
    assert "'text': 1.0" in capsys.readouterr().out


def test_the_strategy_of_the_guide_keeps_the_contract() -> None:
    text = (ROOT / "docs/add_a_fusion_strategy.md").read_text(encoding="utf-8")
    names = {
        "Embeddings": Embeddings,
        "Field": Field,
        "Fusion": Fusion,
        "Parameters": Parameters,
        "Tensor": Tensor,
        "log_softmax": log_softmax,
        "nn": nn,
        "torch": torch,
        "__name__": __name__,
    }
    for block in re.findall(r"^ *```python\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
        exec("\n".join(line[3:] for line in block.splitlines()), names)
    heads = {"image": nn.Linear(2, 3), "text": nn.Linear(4, 3)}
    prior = torch.tensor([0.5, 0.3, 0.2])
    fusion = names["MeanFusion"](heads, prior, names["MeanParameters"]())  # type: ignore[operator]
    embeddings = {"image": torch.full((3, 2), torch.nan), "text": torch.ones(3, 4)}
    embeddings["image"][0] = 1.0
    present = {"image": torch.tensor([True, False, False]), "text": torch.tensor([True, True, False])}
    logits = fusion(embeddings, present)
    opinions = [log_softmax(heads[name](torch.ones(heads[name].in_features)), dim=0) for name in ("image", "text")]
    torch.testing.assert_close(logits[0], (opinions[0] + opinions[1]) / 2)
    torch.testing.assert_close(logits[1], opinions[1])
    torch.testing.assert_close(logits[2].exp(), prior)
