import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kefu.cli.scenarios import scenarios
from kefu.speech.synthesis import EspeakSynthesiser
from kefu.speech.wav import encode_wav

SHOP = Path(__file__).parents[1] / "conf/assistant/demo"
SCENARIOS = """
- name: hello
  language: en
  turns: [{customer: {text: Hello}, expect: {acts: [greeting]}}]
- name: wrong
  language: zh
  turns: [{customer: {text: 你好}, expect: {acts: [goodbye]}}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns("scenarios"))
    (folder / "scenarios").mkdir()
    (folder / "scenarios/all.yml").write_text(SCENARIOS, encoding="utf-8")
    return folder


def call(*arguments: object) -> Result:
    return CliRunner().invoke(scenarios, [str(argument) for argument in arguments])


def test_failures_are_told_and_set_the_status(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "results/scenarios.json"
    result = call(shop, "--out", out)
    assert result.exit_code == 1
    assert "all.yml: wrong: turn 1: the act goodbye expected; understood were: greeting" in result.output
    assert "1 of 2 scenarios passed" in result.output
    rows = json.loads(out.read_text(encoding="utf-8"))["scenarios"]
    assert [(row["name"], row["passed"]) for row in rows] == [("hello", True), ("wrong", False)]


def test_some_may_fail_where_that_is_allowed(shop: Path) -> None:
    assert call(shop, "--min-passed", "0.5").exit_code == 0
    assert call(shop, "--min-passed", "0.51").exit_code == 1


def test_some_can_be_chosen(shop: Path) -> None:
    result = call(shop, "--only", "HELLO")
    assert result.exit_code == 0
    assert "1 of 1 scenarios passed" in result.output
    assert call(shop, "--only", "nothing").exit_code == 2


def test_a_model_is_asked(shop: Path, tmp_path: Path, tiny_model: Any) -> None:
    tiny_model.to_bundle().save(tmp_path / "fused")
    unclear = "- {name: odd, language: en, turns: [{customer: {text: blue cheese}, expect: {intent: x}}]}"
    (shop / "scenarios/all.yml").write_text(unclear, encoding="utf-8")
    assert "(model: not asked)" not in call(shop, "--model", tmp_path / "fused").output
    labels = {label for label in tiny_model.labels if f"{label} 0." in call(shop, "--model", tmp_path / "fused").output}
    assert labels == set(tiny_model.labels)


SPOKEN = """
- name: spoken
  language: en
  turns: [{customer: {audio: {say: nothing, file: voice.wav}}, expect: {acts: [person]}}]
"""


def test_voices_are_heard_with_a_model(shop: Path, tmp_path: Path, tiny_model: Any) -> None:
    pytest.importorskip("pocketsphinx")
    tiny_model.to_bundle().save(tmp_path / "fused")
    (shop / "scenarios/all.yml").write_text(SPOKEN, encoding="utf-8")
    spoken = EspeakSynthesiser().speak("talk to a person please", "en")
    (shop / "scenarios/voice.wav").write_bytes(encode_wav(*spoken))
    written = call(shop)
    assert "the act person expected" in written.output
    assert written.stderr == ""
    heard = call(shop, "--model", tmp_path / "fused", "--chinese-speech", tmp_path / "speech")
    assert heard.exit_code == 0, heard.output
    assert heard.stderr.count("\n") == 1
    assert f"Chinese voices are heard as written: there is no model in {tmp_path / 'speech'}" in heard.stderr


def test_mistakes_are_one_line(shop: Path) -> None:
    (shop / "playbooks/refund.yml").write_text("title: {en: a}", encoding="utf-8")
    result = call(shop)
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    assert "refund.yml line 1: title.zh: this field is needed" in result.output
