"""A recogniser of Chinese that kefu trains itself: CTC over syllables, then a search for characters."""

from kefu.speech.ctc.model import SpeechModel
from kefu.speech.ctc.recogniser import CtcRecogniser

__all__ = ["CtcRecogniser", "SpeechModel"]
