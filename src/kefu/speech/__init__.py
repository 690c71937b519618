"""Voices: recordings decoded, speech found and recognised in them, and answers spoken."""

from kefu.speech.contract import SAMPLE_RATE_HZ, Recogniser, Samples, SpeechUnavailableError, Synthesiser, Transcript

__all__ = ["SAMPLE_RATE_HZ", "Recogniser", "Samples", "SpeechUnavailableError", "Synthesiser", "Transcript"]
