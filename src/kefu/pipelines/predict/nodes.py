"""Nodes of the prediction pipelines."""

import logging

import pandas as pd

from kefu.confidence import ConfidenceParameters
from kefu.model import FusedModel
from kefu.predictor import Predictor
from kefu.tickets.errors import KefuError
from kefu.tickets.table import TicketTable

logger = logging.getLogger(__name__)


def predict_tickets(new_tickets: TicketTable, model: FusedModel, params: ConfidenceParameters) -> pd.DataFrame:
    """Return a row for every ticket, whatever is missing or broken in it; label sets are of the given coverage.

    Raises:
        KefuError: there is no ticket.
    """
    if new_tickets.frame.empty:
        raise KefuError("there is no ticket to predict; docs/datasets.md says where the table lies")
    return Predictor(model).predict(new_tickets, coverage=params.coverage)


def predict_tickets_if_any(new_tickets: TicketTable, model: FusedModel, params: ConfidenceParameters) -> pd.DataFrame:
    """Return a row for every ticket of a table that a data set need not have; without tickets, none."""
    if new_tickets.frame.empty:
        logger.info("there is no such ticket; nothing is predicted")
        return pd.DataFrame({"ticket_id": []})
    return predict_tickets(new_tickets, model, params)
