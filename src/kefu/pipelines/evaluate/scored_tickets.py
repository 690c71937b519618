"""What the model says of the tickets it is scored on, kept so that later models can be compared with it."""

from collections.abc import Sequence

import pandas as pd

from kefu.evaluation.robustness import Scenario
from kefu.model import FusedModel
from kefu.registry.scored import to_table


def tabulate_scores(scenarios: Sequence[Scenario], model: FusedModel) -> pd.DataFrame:
    """Return a row a scored ticket, as it came: the truth and what the model says.

    Args:
        scenarios: of :func:`kefu.pipelines.evaluate.nodes.collect_scenarios`; there is always one without a change.
        model: the one that predicts.
    """
    as_they_came = next(scenario.predictions for scenario in scenarios if scenario.change == "none")
    return to_table(as_they_came, str(model.provenance.get("weights", "")))
