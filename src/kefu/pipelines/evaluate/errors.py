"""Node that shows mistakes with all that their tickets hold."""

from collections.abc import Mapping

import pyarrow as pa

from kefu.evaluation.analysis import Analysis
from kefu.evaluation.errors import choose_mistakes, mistakes_table, opinions_table, who_was_right
from kefu.evaluation.evaluation import EvaluationParameters
from kefu.evaluation.predictions import Predictions
from kefu.pipelines.evaluate.exhibits import show_tickets


def show_errors(
    predictions: list[Predictions], params: EvaluationParameters, **cleaned: Mapping[str, pa.Table]
) -> Analysis:
    """Return the surest and the most typical mistakes: text, picture, voice, and what each modality said.

    Args:
        predictions: what the model says of the evaluated split, then what each modality says.
        params: how many mistakes.
        cleaned: the shards of each modality.
    """
    model = predictions[0]
    mistakes = mistakes_table(model, choose_mistakes(model, params.errors.shown))
    ids = mistakes["ticket_id"].tolist()
    return Analysis(
        who_was_right(predictions, model) | {"shown": len(mistakes), "chosen": model.name},
        tables={
            "mistakes": mistakes,
            "opinions": opinions_table(predictions, ids, params.errors.opinions),
            "content": show_tickets(cleaned, ids, params.errors.max_text_chars),
        },
    )
