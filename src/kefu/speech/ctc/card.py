"""The card that goes with a recogniser: what it is, how well it hears, and above all whom it has never heard."""

import json
from collections.abc import Mapping
from typing import Any

SYNTHETIC = (
    "Trained on synthetic voices of espeak-ng, for the phrases of this shop: how well it hears people is unknown.\n"
    "仅用 espeak-ng 的合成语音、针对本店的用语训练：对真人说话的识别效果未知。"
)
"""What has to be said wherever the recogniser is shown."""
_GROUPS = {
    "all": "all · 全部",
    "unseen": "phrases that training never saw · 训练中未见过的句子",
    "seen": "phrases of training, in voices it never heard · 训练过的句子、未听过的声音",
}


def write_card(metrics: Mapping[str, Any], provenance: Mapping[str, Any]) -> str:
    """Return the card in Markdown.

    Args:
        metrics: as :func:`kefu.speech.ctc.evaluation.score_recogniser` returns them; none where it was not tested.
        provenance: what the run rests on.
    """
    caution = "\n".join(f"> {line}" for line in SYNTHETIC.splitlines())
    told = {name: value for name, value in provenance.items() if name != "parameters"}
    return f"""# A kefu recogniser of Chinese speech · 中文语音识别模型

{caution}

CTC over pinyin-like units, then a search for characters with a small language model. It writes what customers of this
shop would say; anything else comes out as something that they would.

{_scores(metrics)}

## Use · 使用

```python
from kefu.speech.ctc import CtcRecogniser
transcript = CtcRecogniser.load("this folder").recognise(samples, "zh")
```

## Provenance · 来源

```json
{json.dumps(told, ensure_ascii=False, indent=2, sort_keys=True)}
```
"""


def _scores(metrics: Mapping[str, Any]) -> str:
    if not metrics:
        return "## Scores · 得分\n\nIt was not tested · 未经测试。"
    rows = [
        f"| {name} | {row['recordings']} | {_rate(row)} | {row['exact_share']:.3f} |"
        for key, name in _GROUPS.items()
        if (row := metrics.get(key)) and row["recordings"]
    ]
    return "\n".join(
        [
            "## Scores · 得分",
            "",
            "Speakers and sizes of throat that training never heard, all of them synthetic; 95% intervals over the "
            "sources of phrases.",
            "",
            "| test | recordings | character error rate | without any error |",
            "| --- | --- | --- | --- |",
            *rows,
        ]
    )


def _rate(row: Mapping[str, Any]) -> str:
    rate, low, high = (row[f"character_error_rate{end}"] for end in ("", "_low", "_high"))
    return f"{rate:.3f}" + ("" if low is None or high is None else f" ({low:.3f} to {high:.3f})")
