"""A user's mistakes through the whole of Kedro: a project in a folder of its own, in this process."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from kedro.framework.startup import bootstrap_project

from kefu.cli import kefu as kefu_command
from kefu.cli.run import run

ROOT = Path(__file__).resolve().parents[1]
HEADER = "ticket_id,text,label,customer_id"
WORDS = {"refund": "please give my money back for order", "login": "the app rejects my password since"}
SMALL = (
    "hardware.workers=1,hardware.threads=1,hardware.device=cpu,text.copies.copies=0,text.training.max_epochs=1,"
    "text.encoder.architecture=rnn,text.encoder.rnn.token_dim=8,text.encoder.rnn.hidden_dim=8,"
    "evaluation.resampling.resamples=20,evaluation.resampling.method=percentile"
)


def rows(count, customer=lambda number: f"c{number}", labels=("refund", "login")):
    for number in range(count):
        label = labels[number % len(labels)]
        text = f"{WORDS.get(label, 'hello')} {chr(ord('a') + number % 26) * 4} {number * 7919}"
        yield f"t{number},{text},{label},{customer(number)}"


def table(*lines, header=HEADER):
    return "\n".join([header, *lines]) + "\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KEDRO_ENV", raising=False)
    bootstrap_project(tmp_path)
    return tmp_path


@pytest.fixture
def kedro_run(project):
    def call(content=None, *arguments):
        path = project / "data" / "01_raw" / "demo" / "tickets.csv"
        if content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return CliRunner().invoke(run, [str(argument) for argument in arguments])

    return call


def is_told(result, *said):
    assert result.exit_code == 2, (result.output, result.exception)
    line = result.stderr.strip()
    assert line.startswith("Error: "), result.output
    assert "\n" not in line
    assert "Traceback" not in result.output
    for part in said:
        assert part in line


CLEAN = ("--pipeline", "clean", "--params", "hardware.workers=1")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        (HEADER + "\n", "a header and no tickets"),
        (table("1,hello there", header="ticket_id,text"), "no column 'label'"),
        (table("1,hello there,refund", header="id,text,label"), "no column 'ticket_id'; did you mean 'id'?"),
        (table("1,refund", header="ticket_id,label"), "none of the columns text, image, audio"),
        (table(*rows(6, labels=("refund",))), "every label is 'refund'"),
        (table("1,我要退款,退款,c", "2,登录不了,登录,d").encode("gb18030"), "iconv -f GB18030"),
        (table(*rows(4)).encode("utf-16"), "UTF-16"),
    ],
)
def test_tables_that_cannot_be_trained_on(kedro_run, content, said):
    is_told(kedro_run(content, *CLEAN), said)


def test_no_table_at_all(kedro_run):
    is_told(kedro_run(None, *CLEAN), "run `kedro run --pipelines demo_data --params hardware.workers=1` first")
    is_told(kedro_run(None, *CLEAN, "--env", "retail"), "tickets.csv") if "KEFU_SHARED" not in os.environ else None


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ("text.training.max_epochs=x", "parameter text.training.max_epochs: should be a valid integer"),
        ("text.training.max_epoch=1", "parameter text.training.max_epoch: there is no such parameter; did you mean"),
        ("text.trainin.max_epochs=1", "--params text.trainin.max_epochs: there is no such parameter"),
        (
            "preset=bset",
            "there is no preset 'bset'; did you mean 'best'? (there are: best, cnn_rnn, pretrained, transformer)",
        ),
        ("sed=1", "--params sed: there is no such parameter; did you mean 'seed'?"),
    ],
)
def test_misspelt_parameters(kedro_run, params, said):
    is_told(kedro_run(table(*rows(4)), "--params", params), said)


def test_names_that_are_not_there(kedro_run):
    is_told(kedro_run(None, "--pipelines", "clen"), "no pipeline 'clen'; did you mean 'clean'?", "train_fusion")
    is_told(kedro_run(None, "--env", "retial"), "no environment 'retial'; did you mean 'retail'?")
    is_told(kedro_run(None, "--env", "presets"), "no environment 'presets' (there are: banking77, clinc150,")
    is_told(kedro_run(None, "--pipelines", "clean", "--nodes", "clen"), "clen", "assemble_tickets")


def test_a_pipeline_before_its_turn(kedro_run):
    is_told(kedro_run(table(*rows(4)), "--pipelines", "augment"), "run `kedro run --pipelines clean` first")
    said = "run `kedro run --pipelines clean --params preset=best` first"
    is_told(kedro_run(None, "--pipelines", "augment", "--params", "preset=best"), said)


def test_a_prediction_of_nothing(kedro_run, project, monkeypatch):
    monkeypatch.setenv("KEFU_SHARED", str(project))
    (project / "data/fsdd").mkdir(parents=True)
    result = kedro_run(None, "--pipelines", "predict", "--env", "fsdd")
    is_told(result, "`kedro run --pipelines predict --env fsdd --params new_tickets=new.csv`")


def test_paths_in_parameters_are_relative_to_the_project(kedro_run, project, monkeypatch):
    (project / "weights").mkdir()
    (project / "weights/config.json").write_text('{"model_type": "gpt"}', "utf-8")
    monkeypatch.chdir(project / "src")
    is_told(
        kedro_run(None, "--params", "text.encoder.bert.pretrained=weights"),
        f"{project / 'weights/config.json'} describes a model of type 'gpt'",
    )


def test_a_check_reads_paths_likewise(kedro_run, project, monkeypatch):
    kedro_run(table(*rows(8)), *CLEAN)
    (project / "weights").mkdir()
    (project / "weights/config.json").write_text('{"model_type": "bert"}', "utf-8")
    (project / "weights/model.safetensors").touch()
    (project / "conf/local/parameters.yml").write_text("text: {encoder: {bert: {pretrained: weights}}}", "utf-8")
    monkeypatch.chdir(project / "src")
    result = CliRunner().invoke(kefu_command, ["check"])
    assert result.exit_code == 0, (result.output, result.exception)
    assert "8 rows: 8 tickets kept" in result.output


def test_a_gpu_that_is_not_there(kedro_run, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    params = SMALL.replace("device=cpu", "device=gpu")
    is_told(kedro_run(table(*rows(30)), "--params", params), "hardware.device is 'gpu'")


def test_ctrl_c(kedro_run, monkeypatch):
    def interrupt(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("kefu.tickets.table.parse_csv", interrupt)
    result = kedro_run(table(*rows(4)), *CLEAN)
    assert (result.exit_code, result.stderr) == (130, "Interrupted\n")


def test_a_defect_is_not_hidden(kedro_run, monkeypatch):
    def fail(*_args, **_kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("kefu.tickets.table.parse_csv", fail)
    assert kedro_run(table(*rows(4)), *CLEAN).exit_code == 1


def test_text_alone_trains_and_predicts(kedro_run, project, caplog):
    result = kedro_run(table(*rows(40)), "--params", SMALL)
    assert result.exit_code == 0, (result.output, result.exception)
    assert "image: no ticket has any" in caplog.messages
    assert not [record.message for record in caplog.records if "too little to learn from" in record.message]
    result = kedro_run(None, "--pipelines", "predict", "--params", "out=p.csv")
    assert result.exit_code == 0, (result.output, result.exception)
    assert len(pd.read_csv(project / "p.csv")) == 40


@pytest.mark.parametrize(
    "content",
    [table(*rows(12, customer=lambda _: "me")), table(*rows(5))],
    ids=["one customer", "five tickets"],
)
def test_poor_tables_train_or_say_why_not(kedro_run, content):
    result = kedro_run(content, "--params", SMALL)
    if result.exit_code != 0:
        is_told(result)


def test_no_test_split(kedro_run):
    result = kedro_run(table(*rows(30)), "--params", f"{SMALL},tickets.splits.test_share=0")
    is_told(result, "no ticket is in the split 'test'")
