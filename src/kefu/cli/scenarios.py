"""``kefu scenarios``: conversations that the assistant must get right."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kefu.cli.mistakes import tell_mistakes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kefu.assistant.ears import ShopEars
    from kefu.assistant.scenarios import Cast, Outcome
    from kefu.assistant.shop import Shop
    from kefu.knowledge import Article

TOO_MANY_FAILED = 1
_LANGUAGES = {"en": "English", "zh": "Chinese"}


@click.command(short_help="Play written conversations and compare what the assistant says and does.")
@click.argument("shop", type=click.Path(path_type=Path), default=Path("conf/assistant/demo"))
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="The folder of a model bundle; without it a stand-in says what the scenarios expect of a model.",
)
@click.option(
    "--chinese-speech",
    type=click.Path(path_type=Path),
    default=Path("data/06_models/speech"),
    show_default=True,
    help="What `kedro run --pipelines train_speech` has made, which hears Chinese with --model.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Also write the results as JSON.")
@click.option(
    "--min-passed",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="Share of the scenarios that must pass: a model that was trained anew may miss one.",
)
@click.option("--only", help="Play those alone that have this in their names.")
@tell_mistakes
def scenarios(
    shop: Path, model: Path | None, chinese_speech: Path, out: Path | None, min_passed: float, only: str | None
) -> None:
    """Play the conversations of SHOP/scenarios, and tell which turned out otherwise than they should.

    SHOP is a shop's folder, with assistant.yml, playbooks and knowledge; conf/assistant/demo if left out. Ends with
    status 1 if fewer pass than --min-passed says.

    With --model pictures are read and voices heard as the service does it; without, all is taken as written.

    \b
    kefu scenarios
    kefu scenarios --model data/06_models/demo/versions/fused --out scenarios.json
    kefu scenarios conf/assistant/myshop --only refund
    """  # noqa: D301 - click wants the backspace itself
    from kefu.assistant.scenarios import read_scenarios, run_scenario
    from kefu.tickets.errors import KefuError

    written = [
        (file, scenario)
        for file, found in read_scenarios(shop / "scenarios").items()
        for scenario in found
        if only is None or only.casefold() in scenario.name.casefold()
    ]
    if not written:
        raise KefuError(f"no scenario of {shop / 'scenarios'} has '{only}' in its name")
    cast = _cast(shop, model, chinese_speech)
    outcomes = [run_scenario(scenario, file, cast) for file, scenario in written]
    _print(outcomes)
    if out is not None:
        _write(outcomes, out)
    num_passed = sum(not outcome.faults for outcome in outcomes)
    if num_passed < min_passed * len(outcomes):
        sys.exit(TOO_MANY_FAILED)


def _cast(folder: Path, model: Path | None, chinese_speech: Path) -> "Cast":
    from kefu.assistant.scenarios import Cast
    from kefu.assistant.shop import Shop
    from kefu.knowledge.knowledge_base import KnowledgeBase

    shop = Shop.load(folder)
    base = KnowledgeBase.load(folder / "knowledge")
    shop.check_citations(base)

    def with_articles(more: "Sequence[Article]") -> KnowledgeBase:
        return KnowledgeBase([*base.articles, *more]) if more else base

    generate = None
    if shop.generator is not None:
        from kefu.assistant.generator import Generator

        generate = Generator.load(shop.generator)
    if model is None:
        return Cast(shop, with_articles, generate=generate)
    from kefu.assistant.pictures import open_reader
    from kefu.cli.predict import newest_version
    from kefu.predictor import Predictor

    predictor = Predictor.load(newest_version(model))
    return Cast(
        shop,
        with_articles,
        judge=lambda ticket: predictor.predict_raw([ticket])[0],
        ears=_open_ears(shop, base.articles, chinese_speech),
        read_picture=open_reader(),
        generate=generate,
    )


def _open_ears(shop: "Shop", articles: "Sequence[Article]", chinese_speech: Path) -> "ShopEars":
    from kefu.assistant.ears import ShopEars, open_recognisers
    from kefu.speech.decoding import RecordingDecoder

    recognisers = open_recognisers(shop, articles, chinese_speech)
    for language, why in recognisers.not_heard.items():
        click.echo(f"{_LANGUAGES[language]} voices are heard as written: {why}", err=True)
    return ShopEars([RecordingDecoder()], recognisers.by_language)


def _print(outcomes: "list[Outcome]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("scenario", "language", "turns", "slowest turn", "result", box=None, header_style="bold")
    for outcome in outcomes:
        result = "[red]failed[/]" if outcome.faults else "[green]passed[/]"
        slowest = f"{max(outcome.milliseconds):.0f} ms"
        table.add_row(outcome.name, outcome.language, str(len(outcome.milliseconds)), slowest, result)
    console = Console(soft_wrap=True)
    console.print(table)
    for outcome in outcomes:
        for fault in outcome.faults:
            click.echo(f"{outcome.file.name}: {outcome.name}: {fault}")
    failed = sum(bool(outcome.faults) for outcome in outcomes)
    click.echo(f"{len(outcomes) - failed} of {len(outcomes)} scenarios passed")


def _write(outcomes: "list[Outcome]", out: Path) -> None:
    rows = [
        {
            "name": outcome.name,
            "language": outcome.language,
            "file": outcome.file.name,
            "passed": not outcome.faults,
            "faults": list(outcome.faults),
            "milliseconds": [round(value, 1) for value in outcome.milliseconds],
        }
        for outcome in outcomes
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"scenarios": rows}, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
