"""Which recogniser hears which language."""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from pydantic import Field

from kefu.parameters import Parameters
from kefu.speech.contract import Recogniser, Samples, Transcript
from kefu.speech.sphinx import Sphinx, SphinxRecogniser
from kefu.speech.whisper import WhisperRecogniser
from kefu.tickets.errors import KefuError


class Recognition(Parameters):
    """Recognisers by language."""

    languages: Mapping[Literal["en", "zh"], str] = Field(
        {"en": "pocketsphinx"}, description="Name of the recogniser of each language that is heard."
    )
    sphinx: Sphinx = Field(Sphinx(), description="Of `pocketsphinx`.")
    whisper: str | None = Field(None, description="Of `whisper`: a folder of weights.")


class Recognisers:
    """A recogniser for each language, behind the interface of one."""

    def __init__(self, by_language: Mapping[str, Recogniser]) -> None:
        for language, recogniser in by_language.items():
            if language not in recogniser.languages:
                raise KefuError(
                    f"{recogniser.name} does not hear {language!r}, only {sorted(recogniser.languages)}; "
                    f"choose another recogniser in `languages`"
                )
        self._by_language = dict(by_language)
        self.name = ", ".join(sorted({recogniser.name for recogniser in by_language.values()}))
        self.languages = frozenset(by_language)

    def recognise(self, samples: Samples, language: str) -> Transcript:
        """Write down what is said; see :meth:`kefu.speech.contract.Recogniser.recognise`.

        Raises:
            ValueError: No recogniser hears the language.
        """
        recogniser = self._by_language.get(language)
        if recogniser is None:
            raise ValueError(f"no recogniser hears {language!r}, only {sorted(self.languages)}; add one to `languages`")
        return recogniser.recognise(samples, language)


def load_recognisers(
    params: Recognition, phrases: Mapping[str, Iterable[str]], background: Mapping[str, Iterable[str]] | None = None
) -> Recognisers:
    """Make the recognisers that the settings name, each once.

    Args:
        params: Recognisers by language.
        phrases: By language, sentences that customers say.
        background: By language, sentences whose words customers use.

    Raises:
        KefuError: A name is unknown, a recogniser does not hear the language it is named for, or lacks its folder.
        SpeechUnavailableError: The extra ``speech`` is not installed.
    """
    background = background or {}
    makers: dict[str, Callable[[], Recogniser]] = {
        "pocketsphinx": lambda: SphinxRecogniser.from_phrases(
            phrases.get("en", ()), background.get("en", ()), params.sphinx
        ),
        "whisper": lambda: _load_whisper(params.whisper),
    }
    made: dict[str, Recogniser] = {}
    for language, name in params.languages.items():
        if name not in makers:
            raise KefuError(f"languages.{language}: there is no recogniser {name!r}; one of {', '.join(makers)}")
        if name not in made:
            made[name] = makers[name]()
    return Recognisers({language: made[name] for language, name in params.languages.items()})


def _load_whisper(folder: str | None) -> Recogniser:
    if folder is None:
        raise KefuError("the recogniser `whisper` needs a folder of weights; set `whisper`")
    return WhisperRecogniser.load(folder)
