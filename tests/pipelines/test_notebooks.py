"""Each notebook runs from top to bottom on the tiny demo, and is committed without what it printed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@by_name
def test_notebook_runs(demo: Any, path: Path) -> None:
    nbformat = pytest.importorskip("nbformat", reason="Jupyter is not installed (extra `dev`)")
    nbclient = pytest.importorskip("nbclient", reason="Jupyter is not installed (extra `dev`)")
    source = path.read_text(encoding="utf-8")
    assert source.count('ENVIRONMENT = \\"local\\"') == 1
    notebook = nbformat.reads(source.replace('ENVIRONMENT = \\"local\\"', 'ENVIRONMENT = \\"tiny\\"'), as_version=4)
    nbclient.NotebookClient(notebook, timeout=180, resources={"metadata": {"path": str(demo.root)}}).execute()
    shown = [kind for cell in notebook.cells for output in cell.get("outputs", []) for kind in output.get("data", {})]
    assert shown.count("application/vnd.plotly.v1+json") >= 2, "a notebook is drawn"


@by_name
def test_notebook_is_committed_without_outputs(path: Path) -> None:
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert [cell["id"] for cell in cells if cell["outputs"] or cell["execution_count"]] == []


def test_notebooks_are_told_of() -> None:
    told = re.findall(r"`(\w+)\.ipynb`", (ROOT / "notebooks/README.md").read_text(encoding="utf-8"))
    assert sorted(told) == [path.stem for path in NOTEBOOKS]
