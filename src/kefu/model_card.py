"""The card that goes with a model: what it is, what it was trained on, how well it does, what it is not for."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from kefu.evaluation.ticket_counts import modalities_by_split
from kefu.model import FusedModel


def write_card(model: FusedModel, tickets: pd.DataFrame) -> str:
    """Return the card in Markdown (Mitchell et al. 2019, "Model cards for model reporting").

    Args:
        model: with its metrics and its provenance.
        tickets: all that it was trained and tested on.
    """
    test = model.metrics["test"]
    parts = [_what(model, tickets), _use(), _data(model, tickets), _training(model), _scores(test), _limits(model)]
    return "\n\n".join([*parts, _provenance(model.provenance)]) + "\n"


def _what(model: FusedModel, tickets: pd.DataFrame) -> str:
    synthetic = "synthetic" in tickets and tickets["synthetic"].astype(str).str.lower().eq("true").any()
    synthetic_only = (
        "\n\n> Trained on **synthetic demo tickets**: it knows no real customer.\n"
        "> 用**合成的演示工单**训练，不了解任何真实客户。"
    )
    caution = synthetic_only if synthetic else ""
    test = model.metrics["test"]
    score = f"{_number(test, 'macro_f1')} {_interval(test, 'macro_f1')}".strip()
    return f"""# A kefu model for customer tickets · 客户工单模型

It reads tickets of text, pictures and voice, any of which may be missing, and says which of {len(model.labels)} labels
each belongs to ({model.strategy} fusion). Macro-F1 on {test["tickets"]:,} tickets it never saw: **{score}**.

读取由文本、图片和语音组成的工单（任何一项都可以缺失），判断每张工单属于 {len(model.labels)} 个标签中的哪一个
（{model.strategy} 融合）。在从未见过的 {test["tickets"]:,} 张工单上，宏平均 F1 为 **{score}**。{caution}"""


def _use() -> str:
    return """## Use · 使用

```python
import kefu
predictions = kefu.Predictor.load("this folder").predict("tickets.csv")
```"""


def _data(model: FusedModel, tickets: pd.DataFrame) -> str:
    counts = modalities_by_split(tickets)
    languages = ", ".join(f"{name} {count:,}" for name, count in tickets["language"].value_counts().items())
    labels = tickets["label"].value_counts()
    named = ", ".join(f"`{label}` {labels.get(label, 0):,}" for label in model.labels)
    return f"""## Tickets · 工单

{_table(counts)}

- Languages · 语言: {languages or "unknown"}
- Labels · 标签: {named}"""


def _training(model: FusedModel) -> str:
    rows = [
        {
            "modality": name,
            "encoder": getattr(part.encoder, "architecture", "") if part.is_trained else "not trained",
            "members": len(part.classifiers),
        }
        for name, part in model.parts.items()
    ]
    return f"""## Training · 训练

{_table(pd.DataFrame(rows))}

Fusion · 融合: `{model.strategy}`, {len(model.fusions)} member(s). All parameters are in `config.json`."""


def _scores(test: Mapping[str, Any]) -> str:
    if not test["tickets"]:
        return "## Scores · 得分\n\nThere was no test ticket · 没有测试工单。"
    named = {"all": test} | {f"language {name}": row for name, row in test["languages"].items()}
    rows = [
        {
            "tickets of": name,
            "n": row.get("n", row.get("tickets")),
            "accuracy": f"{_number(row, 'accuracy')} {_interval(row, 'accuracy')}",
            "macro-F1": f"{_number(row, 'macro_f1')} {_interval(row, 'macro_f1')}",
        }
        for name, row in named.items()
    ]
    classes = [
        {
            "label": f"`{name}`",
            "n": row["support"],
            "precision": _number(row, "precision"),
            "recall": _number(row, "recall"),
            "F1": f"{_number(row, 'f1')} {_interval(row, 'f1')}",
        }
        for name, row in test["classes"].items()
    ]
    return f"""## Scores · 得分

The test split, {test["customers"]:,} customers that training never saw; 95% intervals over customers in brackets.
测试集：{test["customers"]:,} 位训练中从未见过的客户；括号内为按客户计算的 95% 置信区间。

{_table(pd.DataFrame(rows))}

{_table(pd.DataFrame(classes))}

Expected calibration error · 期望校准误差: {_number(test, "ece")}"""


def _limits(model: FusedModel) -> str:
    return f"""## Limits · 局限

- It knows the {len(model.labels)} labels above and no other. Tickets unlike any of them are marked `out_of_scope`, not
  always rightly. 只认识以上 {len(model.labels)} 个标签；与它们都不像的工单会标为 `out_of_scope`，但并不总是正确。
- It suits routing with a person behind it, not decisions about people. Act on a label only where its probability and
  the label set say that it is sure. 适合有人复核的分流，不适合对人做决定；只在概率和标签集合都表明确信时才据此行动。
- Scores hold for tickets like those it was tested on: other shops, languages, microphones and seasons need a test of
  their own. 得分只适用于与测试工单相似的工单；换了店铺、语言、设备或季节，需要重新测试。
- The run's report has noise, missing modalities, errors and calibration in detail.
  运行报告中有噪声、缺失模态、错误与校准的详情。"""


def _provenance(provenance: Mapping[str, Any]) -> str:
    """Say what the model rests on; the parameters, which are many, stay in ``config.json``."""
    told = {name: value for name, value in provenance.items() if name != "parameters"}
    return f"## Provenance · 来源\n\n```json\n{json.dumps(told, ensure_ascii=False, indent=2, sort_keys=True)}\n```"


def _table(frame: pd.DataFrame) -> str:
    rows = [list(frame.columns), ["---"] * len(frame.columns), *frame.to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |" for row in rows)


def _number(scores: Mapping[str, Any], name: str) -> str:
    return "–" if scores.get(name) is None else f"{scores[name]:.3f}"


def _interval(scores: Mapping[str, Any], name: str) -> str:
    low, high = scores.get(f"{name}_low"), scores.get(f"{name}_high")
    return "" if low is None or high is None else f"({low:.3f} to {high:.3f})"
