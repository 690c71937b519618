"""What a reader of the figures should be warned of."""

import numpy as np

from kefu.evaluation.predictions import Predictions, known

FEW_TICKETS = 100
FEW_CUSTOMERS = 20


def cautions_of(predictions: Predictions, customers: int) -> list[dict[str, str]]:
    """Say what makes the figures weaker than they look: for each caution ``en`` and ``zh``."""
    found = []
    if customers < 2:
        found.append(
            (
                "All tickets come from one customer: no interval can be given.",
                "所有工单来自同一位客户：无法给出置信区间。",
            )
        )
    elif customers < FEW_CUSTOMERS:
        found.append(
            (
                f"Only {customers} customers: the intervals are probably too narrow.",
                f"只有 {customers} 位客户：置信区间可能过窄。",
            )
        )
    if len(predictions) < FEW_TICKETS:
        found.append(
            (
                f"Only {len(predictions)} tickets were scored: expect these figures to move.",
                f"只评估了 {len(predictions)} 张工单：这些数字可能会变动。",
            )
        )
    support = np.bincount(predictions.targets, minlength=len(predictions.classes))
    absent = [name for name, n in zip(predictions.classes, support, strict=True) if n == 0]
    if absent:
        found.append(
            (
                f"No scored ticket belongs to: {', '.join(absent)}.",
                f"没有评估到属于以下类别的工单：{'、'.join(absent)}。",
            )
        )
    nameless = int((known(predictions.tickets["customer_id"], "") == "").sum())
    if nameless:
        found.append(
            (
                f"{nameless:,} tickets name no customer and count as one each: intervals may be too narrow.",
                f"{nameless:,} 张工单没有客户编号，各算作一位客户：置信区间可能过窄。",
            )
        )
    return [{"en": english, "zh": chinese} for english, chinese in found]
