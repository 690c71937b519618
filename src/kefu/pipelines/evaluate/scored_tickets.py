"""What the model says of the tickets it is scored on, kept so that later models can be compared with it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from kefu.confidence import Confidence
from kefu.evaluation.robustness import Scenario
from kefu.model import FusedModel
from kefu.registry.scored import to_table
from kefu.tickets.errors import KefuError


def tabulate_scores(
    scenarios: Sequence[Scenario], model: FusedModel, fusions: Mapping[str, FusedModel]
) -> pd.DataFrame:
    """Return a row a scored ticket, as it came: the truth and what the model says.

    Args:
        scenarios: of :func:`kefu.pipelines.evaluate.nodes.collect_scenarios`; there is always one without a change.
        model: the one that predicts.
        fusions: a model for each strategy, as they were fitted last.

    Raises:
        KefuError: the model is an earlier one, whose embeddings are no longer those that were scored.
    """
    if _weights(model) != _weights(fusions.get(model.strategy, model)):
        raise KefuError(
            "the model that was loaded is not the one that was trained last, so it cannot be scored; "
            "run the pipelines fuse and evaluate together, without --load-versions"
        )
    as_they_came = next(scenario.predictions for scenario in scenarios if scenario.change == "none")
    return to_table(as_they_came, str(model.provenance.get("weights", "")))


def _weights(model: FusedModel) -> str:
    return replace(model, confidence=Confidence()).to_bundle().hash_weights()
