"""`kefu models` in a project whose models were never trained."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from kefu.cli import kefu
from kefu.evaluation.analysis import Analysis, write_analysis

ROOT = Path(__file__).parents[2]
OLD, NEW = "2026-01-01T00.00.00.000Z", "2026-02-01T00.00.00.000Z"
TRUE = "a" * 20 + "b" * 20
WORSE = "b" * 10 + TRUE[10:]


@pytest.fixture
def project(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "conf", tmp_path / "conf", ignore=shutil.ignore_patterns("local"))
    (tmp_path / "conf" / "local").mkdir()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "kefu").symlink_to(ROOT / "src" / "kefu")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(project):
    return lambda *arguments: CliRunner().invoke(kefu, ["models", *(str(argument) for argument in arguments)])


def promotions(project):
    return json.loads((project / "data/06_models/demo/promoted.json").read_text("utf-8"))


def test_nothing_was_trained_yet(call):
    assert "`kedro run --env retail` trains one" in call("list", "--env", "retail").output
    assert call("show").exit_code == 2
    assert json.loads(call("list", "--json").output) == []


def test_models_are_listed_with_what_is_known(call, shelf, said):
    shelf.put(OLD)
    shelf.put(NEW, said(TRUE, TRUE), code={"commit": "0123456789" * 4, "dirty": True}, data="d")
    call("promote", OLD)
    listed = call("list")
    newest, oldest = listed.output.splitlines()[1:3]
    assert NEW in newest
    assert "0123456+" in newest
    assert "0.750" in newest
    assert oldest.startswith(f"*  {OLD}")
    assert "0.400" in oldest
    first, second = json.loads(call("list", "--json").output)
    assert (first["macro_f1"], first["commit"], first["comparable"], first["promoted"]) == (
        0.75, "0123456789" * 4, True, False,
    )  # fmt: skip
    assert (second["promoted"], second["data"]) == (True, None)


def test_a_broken_model_costs_itself_alone(call, shelf):
    shelf.put(OLD)
    shelf.put(NEW)
    (shelf.store.models / "versions/fused" / NEW / "fused/config.json").write_text("{")
    result = call("list")
    assert OLD in result.stdout
    assert "left out: " in result.stderr


def test_a_model_is_shown_with_what_is_not_as_usual(call, shelf):
    parameters = {"seed": 0, "text": {"training": {"max_epochs": 7}, "copies": {"copies": 4}}}
    shelf.put(OLD, parameters=parameters, tickets={"train": 3}, environment={"python": "3.11"})
    call("promote", OLD)
    shown = call("show").output
    assert "text.training.max_epochs  7" in shown
    assert "text.copies.copies" not in shown, "4 is the default"
    for part in ("train 3", "python 3.11", "(promoted)", "the first"):
        assert part in shown
    assert json.loads(call("show", OLD, "--json").output)["config"]["provenance"]["parameters"] == parameters


def test_a_comparison_tells_figures_parameters_and_the_verdict(call, shelf, said):
    shelf.put(OLD, said(TRUE, TRUE), data="d1")
    shelf.put(NEW, said(TRUE, WORSE), data="d2", parameters={"seed": 1})
    compared = call("compare", OLD, "latest")
    assert compared.exit_code == 0
    for part in (
        "40 test tickets in common, 40 customers",
        "1.000 → 0.733",
        "1.000      0.667   -33.3",
        "trained on different data",
        "seed  0 → 1",
        "does not pass the gate",
        "class a: F1 is 0.667 instead of 1.000, down 33.3 points (n = 20)",
    ):
        assert part in compared.output
    assert "passes the gate" in call("compare", NEW, OLD).output
    found = json.loads(call("compare", OLD, NEW, "--json").output)
    assert found["macro_f1"]["reference"] == 1
    assert found["macro_f1"]["p_value"] < 0.05
    assert found["same_data"] is False
    assert found["parameters"] == {"seed": [0, 1]}
    assert len(found["reasons_against"]) == 4


def evaluated(shelf, version, macro_f1):
    tables = {
        "comparison": pd.DataFrame({"name": ["late"], "macro_f1": [macro_f1]}),
        "calibration": pd.DataFrame({"confidence": [0.5], "accuracy": [0.5]}),
    }
    path = shelf.store.reports / "versions/evaluation.json" / version / "evaluation.json"
    write_analysis(path, Analysis({"macro_f1": macro_f1}, tables=tables))


def test_a_comparison_is_written_as_a_page(call, shelf, said, project):
    shelf.put(OLD, said(TRUE, TRUE), code={"commit": "abcdef"})
    shelf.put(NEW, said(TRUE, WORSE), parameters={"seed": 1})
    missing = call("compare", OLD, NEW, "--report", "both.html")
    assert missing.exit_code != 0
    assert f"{OLD}: its evaluation was not kept" in missing.output
    evaluated(shelf, OLD, 1.0)
    evaluated(shelf, NEW, 0.75)
    assert call("compare", OLD, NEW, "--report", "both.html").exit_code == 0
    page = (project / "both.html").read_text("utf-8")
    for part in (OLD, NEW, "1.000 → 0.733", "worse, by more than chance explains", "−0.250", "abcdef", ">seed</th>"):
        assert part in page
    assert not list(project.glob(".both*"))


def test_what_cannot_be_paired_is_still_shown_side_by_side(call, shelf, said, project):
    shelf.put(OLD, said(TRUE, TRUE))
    shelf.put(NEW, said(TRUE, TRUE, ticket_id=[f"other{number}" for number in range(40)]))
    evaluated(shelf, OLD, 1.0)
    evaluated(shelf, NEW, 0.75)
    assert call("compare", OLD, NEW, "--report", "both.html").exit_code != 0
    assert "No comparison ticket by ticket" in (project / "both.html").read_text("utf-8")


def test_models_without_scores_cannot_be_compared(call, shelf, said):
    shelf.put(OLD)
    shelf.put(NEW, said(TRUE, TRUE))
    result = call("compare", OLD, NEW)
    assert result.exit_code == 2
    assert f"{OLD}: what it says of test tickets was not kept" in result.stderr


def test_a_worse_model_is_refused_unless_forced(call, shelf, said, project):
    shelf.put(OLD, said(TRUE, TRUE))
    shelf.put(NEW, said(TRUE, WORSE))
    first = call("promote", OLD)
    assert (first.exit_code, "nothing to compare it with" in first.output) == (0, True)
    refused = call("promote", "latest")
    assert refused.exit_code == 1
    assert "class a: F1 is 0.667 instead of 1.000" in refused.stderr
    assert f"Refused: {NEW} does not take the place of {OLD}" in refused.stderr
    assert promotions(project)["promoted"] == OLD
    assert call("promote", "latest", "--force", " ").exit_code == 2
    forced = call("promote", "latest", "--force", "the old one has a bad licence")
    assert forced.exit_code == 0
    written = promotions(project)
    assert written["promoted"] == NEW
    entry = written["history"][-1]
    assert (entry["replaced"], entry["gate"], entry["forced"]) == (OLD, "failed", "the old one has a bad licence")
    assert len(entry["reasons_against"]) == 4
    back = call("promote", OLD)
    assert (back.exit_code, promotions(project)["history"][-1]["gate"]) == (0, "passed")
    assert "promoted already" in call("promote", OLD).output
    assert len(promotions(project)["history"]) == 3
    assert f"instead of {OLD}; forced: the old one" in call("show", NEW).output


def test_what_cannot_be_compared_is_refused(call, shelf, said, project):
    shelf.put(OLD)
    shelf.put(NEW, said(TRUE, TRUE))
    call("promote", OLD)
    assert (call("promote", NEW).exit_code, promotions(project)["promoted"]) == (1, OLD)
    shutil.rmtree(shelf.store.models / "versions/fused" / OLD)
    refused = call("promote", NEW)
    assert refused.exit_code == 1
    assert "no model is there" in refused.stderr
    assert call("promote", NEW, "--force", "it is gone").exit_code == 0


def test_the_model_of_dvc_is_promoted_as_a_version(call, shelf, said, project):
    shelf.put("current", said(TRUE, TRUE))
    result = call("promote", "current")
    version = promotions(project)["promoted"]
    assert f"current is promoted (filed as the version {version})" in result.output
    assert (project / "data/06_models/demo/versions/fused" / version / "fused/config.json").is_file()
    assert "promoted already" in call("promote", "current").output


def test_predict_takes_the_promoted_model(call, project, tiny_model):
    versions = project / "data/06_models/demo/versions/fused"
    for version in (OLD, NEW):
        tiny_model.to_bundle().save(versions / version / "fused")
    table = project / "new.csv"
    table.write_text("ticket_id,text\n1,where is my refund\n", "utf-8")

    def predict():
        return CliRunner().invoke(kefu, ["predict", str(table), "--out", str(project / "p.csv")])

    assert predict().stderr == ""
    shutil.rmtree(versions / OLD / "fused/files")
    (versions / NEW / "fused/config.json").write_text("{}")
    assert call("promote", OLD).exit_code == 0
    assert predict().exit_code == 2  # the promoted one is taken, broken as it is
    shutil.rmtree(versions / OLD)
    assert "was promoted and is no longer there" in predict().stderr
    tiny_model.to_bundle().save(versions / OLD / "fused")
    result = predict()
    assert (result.exit_code, result.stderr) == (0, f"with the promoted model {OLD}\n")
    assert len(pd.read_csv(project / "p.csv")) == 1


def test_a_folder_is_named_from_where_one_stands(call, shelf, said, project, monkeypatch):
    shelf.put(OLD, said(TRUE, TRUE))
    (project / "data/06_models/demo/versions/fused" / OLD).rename(project / "data/elsewhere")
    monkeypatch.chdir(project / "data")
    assert "weights     weights of 2" in call("show", "elsewhere/fused").output
    assert call("promote", "elsewhere/fused").exit_code == 0
    assert len(shelf.store.versions) == 1
