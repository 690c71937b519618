"""What a table of tickets holds and what was lost of it, for a person."""

from dataclasses import dataclass

import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from kefu.tickets.splits import SPLITS

_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Loss:
    """One kind of loss: how often, and one example of it, whose detail names the mend."""

    modality: str
    reason: str
    count: int
    ticket_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of tickets.

    Attributes:
        rows_in: Rows of the raw table.
        kept: Tickets that are left.
        customers: Known customers among them.
        modalities: Modality to how many tickets have it.
        combinations: Set of modalities ('text + image') to how many tickets have just these.
        languages: Language to tickets.
        labels: Label to split to tickets; splits in the order train, validation, test. Empty if not looked at.
        losses: What was lost, the most frequent first.
    """

    rows_in: int
    kept: int
    customers: int
    modalities: dict[str, int]
    combinations: dict[str, int]
    languages: dict[str, int]
    labels: dict[str, dict[str, int]]
    losses: tuple[Loss, ...]


def summarise(tickets: pd.DataFrame, quarantine: pd.DataFrame, rows_in: int) -> Summary:
    """Count the tickets and losses that :func:`kefu.tickets.assemble.assemble_tickets` returned."""
    flags = [name for name in tickets.columns if name.startswith("has_")]
    modalities = [flag.removeprefix("has_") for flag in flags]
    combinations = pd.Series(
        [" + ".join(m for m, there in zip(modalities, row, strict=True) if there) for row in tickets[flags].to_numpy()],
        dtype="str",
    )
    counted = tickets if "label" in tickets else pd.DataFrame({"label": [], "split": []}, dtype="str")
    table = pd.crosstab(counted["label"], counted["split"]).reindex(columns=list(SPLITS), fill_value=0)
    losses = [
        Loss(str(modality), str(reason), len(rows), rows["ticket_id"].iloc[0], rows["detail"].iloc[0])
        for (modality, reason), rows in quarantine.fillna("").groupby(["modality", "reason"], sort=True)
    ]
    return Summary(
        rows_in=rows_in,
        kept=len(tickets),
        customers=int(tickets["customer_id"].nunique()) if "customer_id" in tickets else 0,
        modalities={m: int(tickets[f].sum()) for m, f in zip(modalities, flags, strict=True)},
        combinations=_counts(combinations),
        languages=_counts(tickets["language"].fillna(_UNKNOWN)),
        labels={str(label): {split: int(row[split]) for split in SPLITS} for label, row in table.iterrows()},
        losses=tuple(sorted(losses, key=lambda loss: -loss.count)),
    )


def render_summary(summary: Summary) -> RenderableType:
    """Return the summary for a ``rich`` console, which prints it as plain text where there is no terminal."""
    head = Text(f"{summary.rows_in} rows: {summary.kept} tickets kept, {summary.rows_in - summary.kept} quarantined")
    if summary.customers:
        head.append(f"; {summary.customers} customers")
    modalities = _table("modality", "tickets", "share")
    combinations = {f"just {name}": count for name, count in summary.combinations.items()}
    for name, count in (summary.modalities | combinations).items():
        modalities.add_row(name, str(count), _share(count, summary.kept))
    languages = _table("language", "tickets", "share")
    for name, count in summary.languages.items():
        languages.add_row(Text(name), str(count), _share(count, summary.kept))
    labels = _table("label", *SPLITS, "tickets")
    for label, row in summary.labels.items():
        labels.add_row(Text(label), *(str(row[split]) for split in SPLITS), str(sum(row.values())))
    totals = [sum(row[split] for row in summary.labels.values()) for split in SPLITS]
    labels.add_section()
    labels.add_row("all", *(f"{total} ({_share(total, summary.kept)})" for total in totals), str(sum(totals)))
    parts: list[RenderableType] = [head, modalities, languages, *([labels] if summary.labels else [])]
    if summary.losses:
        losses = _table("lost", "why", "times")
        losses.add_column("for example", overflow="fold")
        for loss in summary.losses:
            example = f"{loss.ticket_id}: {loss.detail}" if loss.ticket_id else loss.detail
            losses.add_row(loss.modality, loss.reason.replace("_", " "), str(loss.count), Text(example))
        parts.append(losses)
    return Group(*parts)


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="left" if name == "why" else "right", no_wrap=True)
    return table


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in values.value_counts().items()}


def _share(count: int, total: int) -> str:
    return f"{100 * count / max(total, 1):.0f} %"
