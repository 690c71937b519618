from itertools import combinations

import numpy as np
import pytest

from kefu.demo import DemoParameters, Intent, bayes_accuracy, expected_bayes_accuracy
from kefu.demo.intents import CONFUSIONS, MODALITIES, VAGUE, draw_evidence, presence_shares

PARAMS = DemoParameters()


@pytest.mark.parametrize("modality", MODALITIES)
def test_each_modality_pairs_every_intent_once(modality: str) -> None:
    assert sorted(intent for pair in CONFUSIONS[modality] for intent in pair) == sorted(Intent)


@pytest.mark.parametrize(("one", "other"), list(combinations(MODALITIES, 2)))
def test_two_modalities_together_mix_up_nothing(one: str, other: str) -> None:
    assert all(len(a & b) <= 1 for a in CONFUSIONS[one] for b in CONFUSIONS[other])


def test_accuracy_of_one_modality_is_the_closed_form() -> None:
    params = DemoParameters(clear_share=0.5, paired_share=0.3)
    assert bayes_accuracy(params, ["text"]) == pytest.approx(0.5 + 0.3 / 2 + 0.2 / 8)
    assert bayes_accuracy(params, []) == pytest.approx(1 / 8)


def test_one_modality_is_ambiguous_and_three_are_not() -> None:
    for modality in MODALITIES:
        assert 0.6 < bayes_accuracy(PARAMS, [modality]) < 0.8
    assert bayes_accuracy(PARAMS, ["text", "audio"]) > 0.95
    assert bayes_accuracy(PARAMS, MODALITIES) > 0.97
    assert 0.95 < expected_bayes_accuracy(PARAMS) < bayes_accuracy(PARAMS, MODALITIES)


def test_evidence_always_fits_the_intent_in_the_shares_asked_for() -> None:
    rng = np.random.default_rng(1)
    drawn = [draw_evidence(Intent.LOGIN, "image", PARAMS, rng) for _ in range(2000)]
    assert all(Intent.LOGIN in evidence for evidence in drawn)
    assert np.mean([len(evidence) == 1 for evidence in drawn]) == pytest.approx(0.5, abs=0.04)
    assert np.mean([evidence == VAGUE for evidence in drawn]) == pytest.approx(0.08, abs=0.03)


def test_presence_shares_leave_every_ticket_something() -> None:
    shares = presence_shares(PARAMS)
    assert sum(shares.values()) == pytest.approx(1)
    assert frozenset() not in shares
    assert 1 - shares[frozenset(MODALITIES)] == pytest.approx(0.38, abs=0.02)
