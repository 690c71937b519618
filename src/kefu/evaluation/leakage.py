"""Leakage: what one split may have learned of another."""

import pandas as pd

from kefu.evaluation.predictions import known


def customers_in_several_splits(tickets: pd.DataFrame) -> pd.DataFrame:
    """Return the customers whose tickets lie in more than one split.

    Args:
        tickets: with ``split`` and, if customers are known, ``customer_id``.

    Returns:
        ``customer_id``, ``splits`` (their names) and ``tickets``, a row a customer.
    """
    if "customer_id" not in tickets:
        return pd.DataFrame({"customer_id": [], "splits": [], "tickets": []})
    named = tickets.assign(customer_id=known(tickets["customer_id"], ""))
    named = named[named["customer_id"] != ""]
    rows = [
        {"customer_id": customer, "splits": ", ".join(sorted(set(group))), "tickets": len(group)}
        for customer, group in named.groupby("customer_id")["split"]
        if len(set(group)) > 1
    ]
    return pd.DataFrame(rows, columns=["customer_id", "splits", "tickets"])
