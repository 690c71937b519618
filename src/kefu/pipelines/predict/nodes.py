"""Nodes of the prediction pipeline."""

import pandas as pd

from kefu.model import FusedModel
from kefu.predictor import Predictor
from kefu.tickets.table import TicketTable


def predict_tickets(new_tickets: TicketTable, model: FusedModel) -> pd.DataFrame:
    """Return a row for every ticket, whatever is missing or broken in it."""
    return Predictor(model).predict(new_tickets)
