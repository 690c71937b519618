"""How much personal data does masking find, how many harmless numbers does it take with it, and how fast is it?

    python benchmarks/masking.py                    # the texts of the test split
    python benchmarks/masking.py --split dev        # those that the patterns were written with
    python benchmarks/masking.py --split dev --show # also what was missed, and what was masked for nothing

The texts are made up from ``masking_<split>.yml``, seeded; the splits share neither names nor sentences. Something
counts as found where no character of it but punctuation is left. The baseline masks every run of seven digits or more,
and does not even look for addresses and names.
"""

import argparse
import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from kefu.evaluation.calibration import wilson_interval
from kefu.privacy import mask
from kefu.privacy.checksums import is_iban, is_luhn, is_resident_id

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "zh")
SAID = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
HAN = "零一二三四五六七八九"
IBAN_LENGTHS = {
    "AT": 20,
    "BE": 16,
    "CH": 21,
    "DE": 22,
    "ES": 24,
    "FR": 27,
    "GB": 22,
    "IE": 22,
    "IT": 27,
    "NL": 18,
    "PL": 28,
}
REGIONS = ("110105", "310104", "440305", "330106", "510107", "320102", "420111", "610113")
DIGITS_ALONE = re.compile(r"\d(?:[ .()/-]{0,2}\d){6,}")


@dataclass(frozen=True)
class Example:
    """A text, and where in it something is planted."""

    text: str
    start: int
    end: int
    kind: str
    language: str


Spans = Callable[[str], list[tuple[int, int]]]
"""From a text to the spans that are masked."""


def kefu_spans(text: str) -> list[tuple[int, int]]:
    return [(found.start, found.end) for found in mask(text).found]


def baseline_spans(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in DIGITS_ALONE.finditer(text)]


def with_check(pattern: str, is_right: Callable[[str], bool], rng: random.Random, alphabet: str = "0123456789") -> str:
    """Fill a pattern until its check digit is right."""
    while True:
        filled = fill(pattern, {}, rng)
        plain = re.sub(r"[^0-9A-Z]", "", filled)
        for char in alphabet:
            if is_right(plain[:-1] + char):
                return filled[:-1] + char


def fill(pattern: str, words: Mapping[str, Sequence[str]], rng: random.Random) -> str:
    """Draw the digits, letters and words of a pattern; ``said:`` and ``han:`` write digits in words."""
    way, _, rest = pattern.partition(":")
    pattern = rest if way in {"said", "han"} else pattern
    text = re.sub(r"\{(\w+)\}", lambda match: str(rng.choice(words[match[1]])), pattern)
    drawn = {"#": "0123456789", "%": "123456789", "&": "23456789", "@": "ABCDEFGHJKLMNPRSTUVWXYZ"}
    if "@" in text and re.search(r"@[\w.-]+\.\w", text):
        del drawn["@"]  # of an e-mail address
    text = "".join(rng.choice(drawn[char]) if char in drawn else char for char in text)
    if way == "said":
        return " ".join(SAID[int(digit)] for digit in text)
    return "".join(HAN[int(digit)] for digit in text) if way == "han" else text


def draw(kind: str, spec: Mapping[str, Any], words: Mapping[str, Sequence[str]], rng: random.Random) -> str:
    """Make up one thing of a kind."""
    if kind == "card":
        return with_check(rng.choice(spec["formats"]), is_luhn, rng)
    if kind == "iban":
        country = rng.choice(spec["countries"])
        body = "".join(rng.choice("0123456789") for _ in range(IBAN_LENGTHS[country] - 4))
        check = next(f"{check:02}" for check in range(100) if is_iban(f"{country}{check:02}{body}"))
        iban = f"{country}{check}{body}"
        return iban if rng.random() < 0.5 else " ".join(re.findall(".{1,4}", iban))
    if "resident" in spec:
        pattern = rng.choice(spec["resident"])
        born = f"{rng.randint(1950, 2009)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
        is_old = pattern.count("#") == 15
        digits = rng.choice(REGIONS) + (born[2:] if is_old else born) + f"{rng.randint(0, 999):03}"
        if not is_old:
            digits += next(char for char in "0123456789X" if is_resident_id(digits + char))
        signs = iter(digits)
        return "".join(next(signs) if char == "#" else char for char in pattern)
    return fill(rng.choice(spec["formats"]), words, rng)


def make_personal(split: Mapping[str, Any], per_kind: int, seed: int) -> Iterator[Example]:
    """Yield texts with one thing planted in each, so many of a kind and a language."""
    for language in LANGUAGES:
        rng = random.Random(f"{seed} {language}")
        words = split[language]["words"]
        for kind, spec in split[language].items():
            if kind != "words":
                for _ in range(per_kind):
                    yield plant(rng.choice(spec["carriers"]), draw(kind, spec, words, rng), kind, language)


def make_harmless(split: Mapping[str, Any], per_kind: int, seed: int) -> Iterator[Example]:
    """Yield texts with one harmless number in each, half of them in either language."""
    rng = random.Random(f"{seed} harmless")
    for kind, spec in split["harmless"].items():
        for number in range(per_kind):
            language = LANGUAGES[number % 2]
            yield plant(rng.choice(spec[language]), fill(rng.choice(spec["formats"]), {}, rng), kind, language)


def plant(carrier: str, thing: str, kind: str, language: str) -> Example:
    start = carrier.index("{x}")
    return Example(carrier.replace("{x}", thing), start, start + len(thing), kind, language)


def is_gone(example: Example, spans: Spans) -> bool:
    """Tell whether no letter or digit of what is planted is left."""
    hidden = {place for span in spans(example.text) for place in range(*span)}
    return all(place in hidden for place in range(example.start, example.end) if example.text[place].isalnum())


def is_touched(example: Example, spans: Spans) -> bool:
    """Tell whether any character of what is planted is masked."""
    return any(start < example.end and example.start < end for start, end in spans(example.text))


def share(hits: Sequence[bool]) -> dict[str, float | int]:
    """Return the share of hits with its 95% Wilson interval."""
    part, n = np.array([np.mean(hits)]), np.array([len(hits)])
    low, high = wilson_interval(part, n)
    return {
        "n": len(hits),
        "share": round(float(part[0]), 4),
        "low": round(float(low[0]), 4),
        "high": round(float(high[0]), 4),
    }


def described(row: Mapping[str, float | int]) -> str:
    return f"{row['share']:.4f} ({row['low']:.4f}..{row['high']:.4f}) of {row['n']}"


def texts_per_second(spans: Spans, texts: Sequence[str], turns: int) -> dict[str, float]:
    """Return texts a second, the best of several turns, by the wall and by the processor."""
    wall, processor = [], []
    for _ in range(turns):
        at_wall, at_processor = time.perf_counter(), time.process_time()
        for text in texts:
            spans(text)
        wall.append(time.perf_counter() - at_wall)
        processor.append(time.process_time() - at_processor)
    return {"wall": round(len(texts) / min(wall)), "processor": round(len(texts) / min(processor))}


def judge(spans: Spans, personal: Sequence[Example], harmless: Sequence[Example], turns: int) -> dict[str, Any]:
    """Return recall by language and kind, the share of harmless numbers masked, and the speed."""
    gone = [is_gone(example, spans) for example in personal]
    touched = [is_touched(example, spans) for example in harmless]
    recall: dict[str, Any] = {}
    for language in LANGUAGES:
        own = [(example.kind, hit) for example, hit in zip(personal, gone, strict=True) if example.language == language]
        recall[language] = {"all": share([hit for _, hit in own])}
        for kind in dict.fromkeys(kind for kind, _ in own):
            recall[language][kind] = share([hit for name, hit in own if name == kind])
    masked: dict[str, Any] = {"all": share(touched)}
    for kind in dict.fromkeys(example.kind for example in harmless):
        masked[kind] = share([hit for example, hit in zip(harmless, touched, strict=True) if example.kind == kind])
    texts = [example.text for example in (*personal, *harmless)]
    return {"recall": recall, "harmless_masked": masked, "texts_per_second": texts_per_second(spans, texts, turns)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=["dev", "test", "another_hand"], default="test")
    parser.add_argument("--per-kind", type=int, default=300, help="texts of each kind of personal data and language")
    parser.add_argument("--harmless-per-kind", type=int, default=200, help="texts of each kind of harmless number")
    parser.add_argument("--turns", type=int, default=3, help="times that the speed is measured")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print what was missed, and what was masked for nothing")
    parser.add_argument("--out", type=Path, help="results/masking.json, with the name of the split but for test")
    arguments = parser.parse_args()
    split = yaml.safe_load((FOLDER / f"masking_{arguments.split}.yml").read_text(encoding="utf-8"))
    personal = list(make_personal(split, arguments.per_kind, arguments.seed))
    harmless = list(make_harmless(split, arguments.harmless_per_kind, arguments.seed))
    report: dict[str, Any] = {"split": arguments.split, "seed": arguments.seed}
    for name, spans in (("kefu", kefu_spans), ("digit_runs", baseline_spans)):
        report[name] = found = judge(spans, personal, harmless, arguments.turns)
        for language, kinds in found["recall"].items():
            for kind, row in kinds.items():
                print(f"{name:10} {language} {kind:16} {described(row)}")
        for kind, row in found["harmless_masked"].items():
            print(f"{name:10} harmless {kind:10} {described(row)}")
        speed = found["texts_per_second"]
        print(f"{name:10} {speed['processor']} texts a second of the processor, {speed['wall']} by the wall")
    if arguments.show:
        for example in personal:
            if not is_gone(example, kefu_spans):
                masked = mask(example.text).text
                print("missed", example.language, example.kind, repr(example.text), "->", repr(masked))
        for example in harmless:
            if is_touched(example, kefu_spans):
                print("for nothing", example.kind, repr(example.text), "->", repr(mask(example.text).text))
    name = "masking" if arguments.split == "test" else f"masking_{arguments.split}"
    out = arguments.out or FOLDER / "results" / f"{name}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"written to {out}")


if __name__ == "__main__":
    main()
