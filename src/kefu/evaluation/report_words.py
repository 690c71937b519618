"""The sentences of the report, each in English and in Chinese."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from kefu.evaluation.robustness import AS_IT_CAME, UNCHANGED

Sentence = tuple[str, str]
"""In English, in Chinese."""


def percent(value: float | None) -> str:
    """Write a share as ``93.8%``; a dash where there is none."""
    return "–" if value is None or math.isnan(value) else f"{100 * value:.1f}%"


def number(value: float | None, sign: str = "") -> str:
    """Write a score with three decimals; a dash where there is none."""
    return "–" if value is None or math.isnan(value) else f"{value:{sign}.3f}".replace("-", "−")


def say_result(metrics: Mapping[str, Any]) -> list[Sentence]:
    """Say the result as one would aloud, the most important first."""
    right = round(100 * (metrics["accuracy"] or 0))
    sentences = [
        (
            f"Of 100 tickets it has never seen, the {metrics['chosen']} fusion sends about {right} to the right class "
            f"(measured on {metrics['n']:,} tickets of {counted(metrics['customers'], 'customer')}).",
            f"在从未见过的 100 张工单中，{metrics['chosen']} 融合模型约有 {right} 张分到了正确的类别"
            f"（在 {metrics['customers']:,} 位客户的 {metrics['n']:,} 张工单上测得）。",
        )
    ]
    best = metrics["best_modality"]
    if best is not None:
        sentences.append(_say_gain(best, metrics["chosen"]))
    if metrics["ece"] is not None:
        sentences.append(_say_trust(100 * metrics["ece"]))
    return sentences


def say_singles(rows: Sequence[Mapping[str, Any]], chosen: str) -> Sentence | None:
    """Say where the chosen fusion is worse than a single modality; nothing where there is none to compare with."""
    if not rows:
        return None
    worse = [f"{row['group']} ({row['modality']})" for row in rows if row["worse"]]
    where = f"of the {len(rows):,} classes and groups"
    rest = "significantly worse than the best single modality"
    english = (
        f"In {len(worse):,} {where} {chosen} is {rest}: {', '.join(worse)}."
        if worse
        else f"In none {where} is {chosen} {rest}."
    )
    chinese = (
        f"在 {len(rows):,} 个类别和分组中，{chosen} 有 {len(worse):,} 个显著差于最佳单模态：{'、'.join(worse)}。"
        if worse
        else f"在全部 {len(rows):,} 个类别和分组中，{chosen} 没有一个显著差于最佳单模态。"
    )
    few = sum(row["p_value"] is None for row in rows)
    if few:
        english += f" In {few:,} of them there are too few customers to tell."
        chinese += f"其中 {few:,} 个的客户太少，无法判断。"
    return english, chinese


def say_robustness(rows: Mapping[str, Mapping[str, Any]]) -> Sentence | None:
    """Say the worst case and how far the calibration error goes; nothing where no changed ticket was scored."""
    changed = {name: row for name, row in rows.items() if row["loss"] is not None}
    if not changed:
        return None
    name, worst = max(changed.items(), key=lambda pair: pair[1]["loss"])
    before, after = number(worst["macro_f1"] + worst["loss"]), number(worst["macro_f1"])
    lost = [number(worst[key]) for key in ("loss", "loss_low", "loss_high")]
    known = worst["loss_low"] is not None
    errors = {name.replace(UNCHANGED, AS_IT_CAME): row["ece"] for name, row in rows.items() if row["ece"] is not None}
    least, most = min(errors, key=errors.__getitem__), max(errors, key=errors.__getitem__)
    case = f"Worst is {name}" if worst["loss"] > 0 else f"No change costs macro-F1, not even {name}"
    english = (
        f"{case}: macro-F1 of the {counted(worst['n'], 'ticket')} goes from {before} to {after}"
        f"{f' (lost {lost[0]}, interval {lost[1]} to {lost[2]})' if known else ''}. "
        f"The calibration error lies between {number(errors[least])} ({least}) and {number(errors[most])} ({most})."
    )
    case = f"影响最大的是 {name}" if worst["loss"] > 0 else f"没有任何改变降低宏平均 F1，包括 {name}"
    chinese = (
        f"{case}：这 {worst['n']:,} 张工单的宏平均 F1 从 {before} 变为 {after}"
        f"{f'（损失 {lost[0]}，置信区间 {lost[1]} 至 {lost[2]}）' if known else ''}。"
        f"校准误差介于 {number(errors[least])}（{least}）与 {number(errors[most])}（{most}）之间。"
    )
    return english, chinese


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, in the plural unless it is one."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _say_gain(best: Mapping[str, Any], chosen: str) -> Sentence:
    points = 100 * best["gain"]
    same = abs(points) < 0.05
    compared = "as much" if same else f"{abs(points):.1f} points {'more' if points > 0 else 'less'}"
    english = (
        f"On the {counted(best['common'], 'ticket')} that have {best['name']}, the best single modality, {chosen} "
        f"scores {compared} in macro-F1 {'as' if same else 'than'} {best['name']} alone"
    )
    compared = "持平" if same else f"{'高' if points > 0 else '低'} {abs(points):.1f} 个百分点"
    chinese = (
        f"最佳的单模态是 {best['name']}；在含有它的 {best['common']:,} 张工单上，"
        f"{chosen} 的宏平均 F1 与只用 {best['name']} 相比{compared}"
    )
    if best["gain_low"] is None:
        return f"{english}.", f"{chinese}。"
    by_chance = best["gain_low"] <= 0 <= best["gain_high"]
    low, high = (f"{100 * best[name]:+.1f}".replace("-", "−") for name in ("gain_low", "gain_high"))
    sure = "a difference that chance alone could make" if by_chance else "more than chance explains"
    sure_zh = "这一差异可能只是偶然" if by_chance else "这一差异无法用偶然解释"
    return f"{english} (interval {low} to {high}): {sure}.", f"{chinese}（置信区间 {low} 至 {high}）：{sure_zh}。"


def _say_trust(error: float) -> Sentence:
    trust, trust_zh = (
        ("can be taken at their word", "可以直接采信")
        if error < 5
        else ("should be read with care", "需要谨慎看待")
        if error < 10
        else ("mislead", "会产生误导")
    )
    return (
        f"Its probabilities {trust}: they are off by {error:.1f} points on average.",
        f"它给出的概率{trust_zh}：平均偏差 {error:.1f} 个百分点。",
    )
