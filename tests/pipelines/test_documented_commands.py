"""Every command of the documents is run, document by document, in the tiny project of a reader.

Commands are those of code blocks, and those between backticks in the text that are more than the name of a command.
What cannot be run as it stands is in ``INSTEAD``, with what is run instead and why. A new document is covered as it
comes.
"""

import os
import re
import shlex
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, log_softmax

from kefu.cli import cli, kefu
from kefu.fusion.contract import Embeddings, Fusion
from kefu.modalities.image.encoders.pixels import PixelEncoder
from kefu.parameters import Parameters

from .conftest import MAKE_VARIABLES
from .reader import Reader, make_reader, run_program

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("[bn]*/README.md")])
DOCUMENTS.remove(ROOT / "CHANGELOG.md")  # says what there was; so do decisions
BLOCK = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
BLOCK_OR_CODE = re.compile(rf"{BLOCK.pattern}|`([^`]+)`", re.DOTALL | re.MULTILINE)
SHELL = {"", "sh", "bash", "shell", "console"}
PROGRAMS = ("kefu", "kedro", "dvc", "make", "python", "pytest", "jupyter", "git", "pip", "pre-commit", "cd", ".")
# between backticks in the text: what a command is called, not what is typed; README's list of steps is typed
PROGRAM = re.compile(r"(?!make)\S+")
NAME = re.compile(r"(kefu|kedro|dvc|git|pip|python)( \S+)?|(kefu models|dvc (exp|plots|queue|metrics|params)) \S+")
# in the table below: let `kedro run` find pipelines, nodes, environment and parameters, and stop before the first node
START = "start "
INSTEAD = {
    # a pattern of the whole command: (what is run instead, or nothing; why)
    r"\. \.venv/bin/activate": ("", "the environment is that of the tests"),
    r"(python -m )?pip install .*": ("", "needs a package index"),
    r"jupyter lab .*": ("", "not among the locked packages"),
    r"python -m http\.server .*": ("", "serves until it is stopped"),
    r"(kefu|kedro) .*(\bTABLE\b|\bNAME\b|FOLDER_OR_TABLE|import … |group\.name=).*": ("", "holds a place, no value"),
    r"pytest (.*)": (r"pytest --collect-only -q \1", "these are tests themselves"),
    r"make (test|check|lint)": (r"make --dry-run \1", "would run these tests again; mypy takes a minute"),
    r"make serve": ("make --dry-run serve", "serves until it is stopped; tests/service does"),
    r"kefu serve( --env .*)?": ("kefu serve --settings", "as above"),
    r"kefu agents list": ("kefu storage upgrade && kefu agents list", "a service has made the database by then"),
    r"kefu agents (add|password|disable|enable) .*": (r"kefu agents \1 --help", "test_agents_cli.py runs it"),
    r"kefu feedback export.*": ("kefu feedback export --help", "reads a database; test_feedback_cli.py does"),
    r"docs/feedback\.md: (kefu dvc-sync|dvc repro|kefu models).*": ("", "test_feedback_loop.py does"),
    r"(kefu scenarios .*--model .*)": (r"\1 --min-passed 0", "the tiny model has learnt nothing"),
    r"make lock": (r"make --dry-run lock", "needs a package index"),
    r"make audit": (r"make --dry-run audit", "asks a service of known vulnerabilities"),
    r"make viz": ("make --dry-run viz", "serves until it is stopped; test_viz.py runs it"),
    r"make docs( .*)?": (r"make --dry-run docs\1", "reads all of the repository; test_site.py runs it"),
    r"make sweep( .*)?": (r"make --dry-run sweep\1", "test_dvc_experiments.py runs it"),
    r"(notebooks|docs)/.*: make run": ("make --dry-run run", "README.md runs it"),
    r"make run (.+)": (r"make --dry-run run \1", "trains large models; plain `make run` is run"),
    r"dvc exp run --queue -S \S+ score": ("", "is what `make sweep` does: test_dvc_experiments.py runs it"),
    r"dvc exp run --run-all": ("", "as above"),
    r"dvc exp run (-S text.*)": (
        r"dvc exp run --name pushy-swan \1 score",
        "DVC would make up a name; of seven stages, each with a start of Python, three",
    ),
    r"(dvc remote modify --local storage \w+) …": (r"\1 secret", "holds a place, no value"),
    r"dvc exp run -S hardware\.device=gpu": ("dvc exp run -S hardware.device=cpu check", "needs a GPU"),
    r"docs/own_data\.md: dvc pull data/01_raw/mine\.dvc": (
        "git add -A && git commit -q -m tickets && git clone -q . {clone} && cd {clone} && "
        "dvc pull data/01_raw/mine.dvc",
        "it is typed in another clone",
    ),
    r"dvc remote add -d storage /srv/kefu": ("dvc remote add -d storage {remote}", "a folder of the tests"),
    r"dvc remote add -d storage (s3\S+)": (
        r"dvc remote add --force -d storage \1 && dvc remote default of_tests",
        "there may be the other one by now; what follows goes to a folder instead",
    ),
    r"kefu dvc-sync --env retail --preset best": (
        r"\g<0> && kefu dvc-sync --check && git checkout dvc.yaml params.yaml",
        "the lines after it are about the demo",
    ),
    r"README\.md: dvc repro": (
        "dvc repro check",
        "of twenty stages, each with a start of Python, one; dvc.md runs all",
    ),
    r"README\.md: (dvc exp run -S \S+)": (r"\1 check", "as above"),
    r"kefu models compare promoted latest .*": (
        r"kefu models promote latest --env mine && \g<0>",
        "it is typed where a model was promoted",
    ),
    r"(?!docs/own_data).*: (kedro run --pipeline train_fusion --env mine)": (rf"{START}\1", "own_data.md runs it"),
    r"docs/results\.md: (kedro run .*(banking77|clinc150|fsdd).*)…?": (rf"{START}\1", "datasets.md runs it"),
    r"(kedro run .*)…": (r"\1george", "one of the data set's speakers"),
    r"(kedro run .*pretraining\.max_epochs)=20": (r"\1=1", "takes long"),
    r"(kedro run .*model:)2026-02-01T09\.30\.00\.000Z": (r"\1{version}", "a version that there is"),
    r"kedro run .*preset=(transformer|best|mine).*": (
        rf"{START}\g<0>",
        "trains large models; test_train_fusion.py runs it",
    ),
    r"(?!docs/dvc).*: (kedro run --pipelines train_speech)": (rf"{START}\1", "test_train_speech.py and dvc.md run it"),
    r"kedro run (.*)preset=pretrained": (rf"{START}kedro run \1preset=best", "needs an extra; as above"),
    r"kedro run --params hardware\.device=gpu": (rf"{START}\g<0>", "needs a GPU"),
    r"python benchmarks/(robustness\.py) --env retail --preset best(.*)": (
        r"python {benchmarks}/\1 --env mine\2 --out {out}",
        "small data",
    ),
    r"python benchmarks/(ablation\.py) --env retail --preset best (.*)": (
        r"python {benchmarks}/\1 --env mine \2 --set training.max_epochs=1 --only --out {out}",
        "small data, and the unchanged training alone",
    ),
    r"python benchmarks/(learning_curve\.py) --env retail (.*)": (
        r"python {benchmarks}/\1 --env mine \2 --epochs 1 --pretraining-epochs 1 --labels 20 --out {out}",
        "small data",
    ),
    r"python benchmarks/(retrieval\.py) .*": (r"python {benchmarks}/\1 --help", "test_retrieval.py tries its parts"),
}
# what Python in the documents may take for granted, as the file that it is a part of would import it
NAMES: dict[str, Any] = {
    "Embeddings": Embeddings,
    "Field": Field,
    "Fusion": Fusion,
    "Mapping": Mapping,
    "Parameters": Parameters,
    "Path": Path,
    "PixelEncoder": PixelEncoder,
    "Sequence": Sequence,
    "Tensor": Tensor,
    "adaptive_avg_pool2d": adaptive_avg_pool2d,
    "log_softmax": log_softmax,
    "nn": nn,
    "pd": pd,
    "torch": torch,
    "__name__": __name__,
}


def blocks(document: Path) -> list[tuple[str, str]]:
    """Return (language, text) of each fenced block."""
    return [(kind, textwrap.dedent(text)) for kind, text in BLOCK.findall(document.read_text(encoding="utf-8"))]


def commands(document: Path) -> list[str]:
    """Return the commands of a document in their order; drawings and listings of files hold none."""
    found = []
    for kind, text, code in BLOCK_OR_CODE.findall(document.read_text(encoding="utf-8")):
        if code:
            typed = " ".join(code.split())
            name = NAME if document.parent != ROOT else PROGRAM
            found += [typed] if is_known(typed) and not name.fullmatch(typed) and typed not in found else []
        elif kind in SHELL:
            lines = [re.sub(r"(^|\s)#.*", "", line).strip() for line in text.replace("\\\n", " ").splitlines()]
            parts = [part.strip() for line in lines for part in line.split(" && ") if part]
            found += parts if kind or any(is_known(part) for part in parts) else []
    return found


def is_known(command: str) -> bool:
    return command.split(maxsplit=1)[0] in PROGRAMS


def run_instead(document: Path, command: str) -> list[str]:
    """Return what is run for a command of a document: the command itself unless the table knows better."""
    name = document.relative_to(ROOT).as_posix()
    for pattern, (commands_instead, _) in INSTEAD.items():
        match = re.fullmatch(pattern, command) or re.fullmatch(pattern, f"{name}: {command}")
        if match:
            return [part for part in match.expand(commands_instead).split(" && ") if part]
    return [command]


def is_slow(document: Path) -> bool:
    trains = re.compile(r"kedro run|dvc|make run|python .*benchmarks|jupyter|kefu (dvc-sync|import)")
    return any(trains.match(part) for command in commands(document) for part in run_instead(document, command))


def uses_dvc(document: Path) -> bool:
    return any(part.startswith("dvc ") for command in commands(document) for part in run_instead(document, command))


def run(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a command in the working directory."""
    match [os.path.expanduser(word) for word in shlex.split(command)]:
        case ["cd", folder]:
            monkeypatch.chdir(folder)
        case ["kefu", *words]:
            invoke(kefu, words)
        case ["kedro", *words]:
            invoke(cli, words)
        case ["start", "kedro", *words]:
            with monkeypatch.context() as patch:
                patch.setattr("kefu.cli.run.kedro_run.callback", lambda **options: None)
                invoke(cli, words)
        case ["make", *words]:
            if shutil.which("make") is not None:
                run_program(["make", *words])
        case ["python", *words]:
            run_program([sys.executable, *words])
        case ["pytest", *words]:
            run_program([sys.executable, "-m", "pytest", *words], folder=ROOT)
        case ["dvc" | "jupyter" as module, *words]:
            run_program([sys.executable, "-m", module, *words])
        case ["pre-commit", *words]:
            run_program([sys.executable, "-m", "pre_commit", *words])
        case ["git", *words]:
            run_program(["git", *words])
        case [program, *_]:
            raise AssertionError(f"say in {Path(__file__).name} how '{program}' is run")


def invoke(command: click.Command, words: list[str]) -> None:
    # without a start of Python, which takes some seconds
    result = CliRunner().invoke(command, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output


@pytest.fixture
def reader(demo: Any, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """A project that a reader of the document would have, and is in."""
    document = getattr(request.node, "callspec", None) and request.node.callspec.params.get("document")
    source = request.getfixturevalue("repository") if document and uses_dvc(document) else demo.root
    root = shutil.copytree(source, tmp_path / "project", symlinks=True)
    imports = document in [ROOT / "README.md", ROOT / "docs/own_data.md"]
    reader = make_reader(root, tmp_path / "home", demo.root, imports=imports)
    monkeypatch.chdir(root)
    for name in MAKE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "me")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "me@example.org")
    monkeypatch.setenv("HOME", str(reader.home))
    monkeypatch.setenv("KEFU_SHARED", str(reader.home / "shared"))
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # nothing is to be installed
    # what a program starts by its name lies beside this Python, and its code is that of the project
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(root / "src"))
    return reader


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(path, id=path.relative_to(ROOT).as_posix(), marks=[pytest.mark.slow] if is_slow(path) else [])
        for path in DOCUMENTS
        if commands(path) and path.name != "README.zh.md"  # what it has is README.md's, as is tested below
    ],
)
def test_commands(document: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    names = reader.names()
    for command in commands(document):
        for part in run_instead(document, command):
            try:
                run(re.sub(r"\{(\w+)\}", lambda match: names[match[1]], part), monkeypatch)
            except Exception as error:
                raise AssertionError(f"{document.name}: {command} ({part})") from error


def test_the_table_has_no_line_too_many() -> None:
    typed = {(path, command) for path in DOCUMENTS for command in commands(path)}
    texts = [text for path, command in typed for text in (command, f"{path.relative_to(ROOT).as_posix()}: {command}")]
    assert [pattern for pattern in INSTEAD if not any(re.fullmatch(pattern, text) for text in texts)] == []


def test_the_chinese_readme_tells_the_same_commands() -> None:
    chinese, english = (set(commands(ROOT / name)) for name in ("README.zh.md", "README.md"))
    assert {"make run", "dvc push"} <= chinese <= english


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if "python" in dict(blocks(path))], ids=lambda path: path.name
)
def test_python(document: Path, reader: Reader) -> None:
    names = NAMES | {"frame": pd.read_csv("new.csv", dtype=str), "samples": np.zeros(16_000, dtype=np.float32)}
    if document.name == "train_speech.md":
        invoke(cli, ["run", "--pipelines", "train_speech", "--params", "versioned=false"])
    for kind, text in blocks(document):
        if kind == "python":
            exec(text.replace("<time>", reader.bundle.parent.name), names)


def test_the_encoder_of_the_guide_keeps_the_contract() -> None:
    names = dict(NAMES)
    for kind, text in blocks(ROOT / "docs/add_an_encoder.md"):
        if kind == "python":
            exec(text, names)
    params = names["GridParameters"](cells=2, hidden_dim=5)
    encoder = names["GridEncoder"](params, (0.5, 0.5, 0.5), (0.2, 0.2, 0.2)).eval()
    pixels = torch.randint(0, 256, (3, 3, 8, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    embeddings = encoder({"pixels": pixels})
    tokens, there = encoder.tokens({"pixels": pixels})
    assert embeddings.shape == (3, encoder.embedding_dim)
    assert tokens.shape == (3, 4, encoder.token_dim)
    assert there.all()
    torch.testing.assert_close(encoder({"pixels": pixels[1:2]}), embeddings[1:2])
