"""Wiring of the training of a recogniser."""

from kedro.pipeline import Node, Pipeline

from kefu.pipelines.train_speech.nodes import gather_spoken_phrases, judge_recogniser, record_phrases, train_recogniser


def create_pipeline() -> Pipeline:
    """Gather phrases, have them spoken, train a recogniser of them and test it on voices that it has not heard."""
    return Pipeline(
        [
            Node(
                gather_spoken_phrases,
                inputs=["shop_texts", "params:speech_phrases", "params:seed"],
                outputs="speech_phrases",
                name="gather_spoken_phrases",
            ),
            Node(
                record_phrases,
                inputs=[
                    "speech_phrases",
                    "params:speech_recordings",
                    "params:speech_voices",
                    "params:seed",
                    "params:hardware",
                ],
                outputs=["speech_utterances", "speech_log_mels"],
                name="record_phrases",
            ),
            Node(
                train_recogniser,
                inputs=[
                    "speech_phrases",
                    "speech_utterances",
                    "speech_log_mels",
                    "params:speech_model",
                    "params:speech_training",
                    "params:seed",
                    "params:hardware",
                    "params:checkpoints",
                ],
                outputs=["untested_speech_model", "speech_history", "speech_run_facts"],
                name="train_recogniser",
            ),
            Node(
                judge_recogniser,
                inputs=["untested_speech_model", "speech_utterances", "speech_log_mels", "provenance"],
                outputs=["speech_model", "speech_metrics"],
                name="judge_recogniser",
            ),
        ]
    )
