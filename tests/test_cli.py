import json
from dataclasses import replace
from typing import Annotated

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from pydantic import Field, ValidationError

from kefu.cli import kefu
from kefu.cli.mistakes import explain, explain_parameters, tell_mistakes
from kefu.cli.parameters import list_parameters, parameter_types
from kefu.confidence import Confidence
from kefu.confidence.held_out import HeldOutScores
from kefu.modalities.pretrained import Pretrained, from_folder
from kefu.parameters import Parameters
from kefu.pipeline_registry import register_pipelines
from kefu.tickets.errors import KefuError


@pytest.fixture
def outside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(outside):
    return lambda *arguments: CliRunner().invoke(kefu, [str(argument) for argument in arguments])


ROWS = [("1", "where is my refund", "a"), ("2", "cannot log in today", "b"), ("2", "again", "a"), ("3", " ", "b")]


def write(path, rows=ROWS, header="ticket_id,text,label"):
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return path


def test_help_and_version(call):
    assert call("--version").output.startswith("kefu ")
    assert "kefu check tickets.csv" in call("--help").output
    assert "--model models/tickets" in call("predict", "--help").output


def test_check_counts_and_writes_the_losses(call, outside):
    result = call("check", write(outside / "t.csv"), "--out", outside / "new" / "q.csv")
    assert result.exit_code == 0, result.output
    assert "4 rows: 2 tickets kept, 2 quarantined" in result.output
    losses = pd.read_csv(outside / "new" / "q.csv", dtype=str)
    assert list(losses.columns) == ["ticket_id", "modality", "reason", "detail"]
    assert list(losses["reason"]) == ["duplicate_id", "empty", "nothing_left"]


@pytest.mark.parametrize(
    ("header", "said"),
    [("ticket_id,text", "no column 'label'"), ("ticket_id,text,label", "every label is 'a'")],
)
def test_check_goes_on_without_usable_labels(call, outside, header, said):
    rows = [row[: header.count(",") + 1] for row in [("1", "where is my refund", "a"), ("2", "cannot log in", "a")]]
    result = call("check", write(outside / "t.csv", rows, header))
    assert result.exit_code == 0, result.output
    assert "2 rows: 2 tickets kept" in result.stdout
    assert said in result.stderr


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_predict_writes_what_the_ending_asks(call, outside, tiny_model, ending):
    tiny_model.to_bundle().save(outside / "model")
    table = write(outside / "t.csv", [("007", "where is my refund"), ("008", "")], "ticket_id,text")
    out = outside / f"p.{ending}"
    result = call("predict", table, "--out", out, "--model", outside / "model")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    read = {
        "csv": lambda: pd.read_csv(out, dtype={"ticket_id": str}),
        "jsonl": lambda: pd.DataFrame([json.loads(line) for line in out.read_text("utf-8").splitlines()]),
        "parquet": lambda: pd.read_parquet(out),
    }
    assert list(read[ending]()["ticket_id"]) == ["007", "008"]


def test_predict_takes_a_coverage(call, outside, tiny_model):
    scores = HeldOutScores({"text": np.linspace(0, 1, 60)})
    model = replace(tiny_model, confidence=Confidence(label_scores=scores))
    model.to_bundle().save(outside / "model")
    table = write(outside / "t.csv", [("007", "where is my refund")], "ticket_id,text")
    sizes = []
    for coverage in ("0.2", "0.9"):
        assert (
            call("predict", table, "--out", outside / "p.csv", "--model", "model", "--coverage", coverage).exit_code
            == 0
        )
        sizes.append(len(pd.read_csv(outside / "p.csv")["label_set"][0].split("|")))
    assert sizes[0] < sizes[1]
    result = call("predict", table, "--out", outside / "p.csv", "--model", "model", "--coverage", "95")
    assert result.exit_code == 2
    assert "coverage 95: give a share above 0 and below 1" in result.stderr


def test_predict_explains(call, outside, tiny_model):
    tiny_model.to_bundle().save(outside / "model")
    rows = [(str(number), f"where is refund {number}") for number in range(20)]
    table = write(outside / "t.csv", [*rows, ("没有", "")], "ticket_id,text")
    result = call("predict", table, "--out", outside / "p.csv", "--model", "model", "--explain")
    assert result.exit_code == 0, result.output
    assert "p.explained.jsonl" in result.stdout
    found = pd.read_csv(outside / "p.csv", dtype={"ticket_id": str}).set_index("ticket_id")
    call("predict", table, "--out", outside / "plain.csv", "--model", "model")
    before = pd.read_csv(outside / "plain.csv")
    assert list(found["label"]) == list(before["label"])
    added = [f"{kind}_{name}" for kind in ("share", "evidence", "parts") for name in ("image", "text")]
    assert [*before.columns[1:], *added] == list(found.columns)
    assert found.loc["7", "share_text"] == 1.0
    assert found.loc["没有", ["share_text", "share_image"]].tolist() == [0.0, 0.0]
    full = [json.loads(line) for line in (outside / "p.explained.jsonl").read_text("utf-8").splitlines()]
    assert [one["ticket_id"] for one in full] == list(found.index)
    assert {one["name"] for one in full[7]["parts"]["text"]} == {"where", "is", "refund", "7"}
    kept = sorted(path.name for path in outside.iterdir())
    assert kept == ["model", "p.csv", "p.explained.jsonl", "plain.csv", "t.csv"]


def test_explanations_do_not_overwrite_the_tickets(call, outside):
    table = outside / "p.explained.jsonl"
    table.write_text('{"ticket_id": "1", "text": "hello"}\n', encoding="utf-8")
    result = call("predict", table, "--out", outside / "p.csv", "--model", "model", "--explain")
    assert "the table of tickets itself" in result.stderr


def test_predict_finds_the_newest_version(call, outside, tiny_model):
    tiny_model.to_bundle().save(outside / "fused" / "2026-01-02T00.00.00.000Z" / "fused")
    table = write(outside / "t.csv", [("007", "hello there")], "ticket_id,text")
    assert call("predict", table, "--out", outside / "p.csv", "--model", outside / "fused").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["predict", "t.csv", "--out", "p.csv"], "name a model with --model"),
        (["predict", "t.csv", "--out", "p.xls", "--model", "m"], "unknown ending '.xls'"),
        (["predict", "t.csv", "--out", "t.csv", "--model", "m"], "the table of tickets itself"),
        (["predict", "t.csv", "--out", "p.csv", "--model", "m"], "m is not a model bundle"),
        (["predict", "T.csv", "--out", "p.csv", "--model", "m"], "no such file; did you mean 't.csv'?"),
        (["check", "t.csv", "--env", "retail"], "no kefu project"),
        (["check"], "name the table to check"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(call, outside, arguments, said):
    write(outside / "t.csv")
    result = call(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert [path.name for path in outside.iterdir()] == ["t.csv"]


def test_ctrl_c_while_predicting(call, outside, tiny_model, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    tiny_model.to_bundle().save(outside / "model")
    monkeypatch.setattr("kefu.predictor.Predictor._predict_batch", interrupt)
    result = call("predict", write(outside / "t.csv"), "--out", outside / "p.csv", "--model", outside / "model")
    assert (result.exit_code, result.stderr) == (130, "Interrupted\n")
    assert not list(outside.glob("*p.csv*"))


def test_a_defect_keeps_its_traceback():
    @tell_mistakes
    def broken():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()


def test_a_mistake_is_found_along_the_causes():
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = KefuError("tickets.csv: \n no such file")
    assert explain(wrapped) == "tickets.csv: no such file"
    assert explain(RuntimeError("a defect")) is None


class _Inner(Parameters):
    max_epochs: int = Field(3, ge=1, description="Epochs.")


class _Outer(Parameters):
    training: _Inner = _Inner()


class _Weights(Parameters):
    pretrained: Annotated[Pretrained | None, from_folder("bert")] = Field(None, description="Folder.")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"training": {"max_epochs": "x"}}, "image.training.max_epochs: should be a valid integer"),
        ({"training": {"max_epochs": "x"}}, "(got 'x')"),
        ({"training": {"max_epoch": 1}}, "no such parameter; did you mean 'max_epochs'?"),
        ({"trainin": 1}, "parameter image.trainin: there is no such parameter; did you mean 'training'?"),
    ],
)
def test_parameter_errors(values, said):
    with pytest.raises(ValidationError) as caught:
        _Outer.model_validate(values)
    assert said in explain_parameters(caught.value, "image", _Outer)


def test_a_parameter_is_listed_as_it_is_written():
    (listed,) = list_parameters({"weights": _Weights})
    assert (listed.name, listed.kind) == ("weights.pretrained", "str | null")


def test_parameters_are_listed_with_type_limit_default_and_meaning():
    seed, listed = list_parameters({"image": _Outer, "seed": int})
    assert (seed.name, seed.kind) == ("seed", "int")
    assert (listed.name, listed.kind, listed.default, listed.description) == (
        "image.training.max_epochs", "int, >= 1", "3", "Epochs.",
    )  # fmt: skip


def test_a_parameter_that_is_taken_alone_and_with_its_group_is_listed_once():
    names = [parameter.name for parameter in list_parameters(parameter_types(register_pipelines()))]
    assert "evaluation.split" in names
    assert len(names) == len(set(names))
