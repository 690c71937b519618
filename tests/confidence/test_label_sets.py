import numpy as np
import pytest

from kefu.confidence import Confidence, ConfidenceParameters
from kefu.confidence.label_sets import make_label_sets, nonconformity
from kefu.confidence.scope import ScopeScore
from kefu.tickets.errors import KefuError

THREE = np.array([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25]])


def make_tickets(rng: np.random.Generator, n: int, skill: float) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities (n, 5) and targets (n,) of tickets that are exchangeable."""
    targets = rng.integers(5, size=n)
    logits = rng.normal(size=(n, 5))
    logits[np.arange(n), targets] += skill
    probabilities = np.exp(logits)
    return probabilities / probabilities.sum(axis=1, keepdims=True), targets


def fit(probabilities: np.ndarray, targets: np.ndarray, holds: list[str], **params: float) -> Confidence:
    scores = np.linspace(0, 1, len(targets))
    return Confidence.fit(
        ConfidenceParameters.model_validate(params), ScopeScore(), probabilities, targets, scores, holds
    )


def test_scores_and_sets_by_hand() -> None:
    np.testing.assert_allclose(nonconformity(THREE, np.array([0, 2])), [0.3, 0.75])
    assert make_label_sets(THREE, np.array([0.5, 0.7])).tolist() == [[True, False, False], [True, True, False]]
    assert make_label_sets(THREE, np.array([0.0, np.inf])).tolist() == [[True, False, False], [True, True, True]]


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_sets_hold_the_true_label_as_often_as_promised_whatever_the_ticket_has(coverage: float) -> None:
    rng = np.random.default_rng(0)
    skills = {"text": 0.5, "image+text": 1.2}
    held_out = {name: make_tickets(rng, 2000, skill) for name, skill in skills.items()}
    confidence = fit(
        np.concatenate([p for p, _ in held_out.values()]),
        np.concatenate([y for _, y in held_out.values()]),
        [name for name in skills for _ in range(2000)],
        coverage=coverage,
    )
    for name, skill in skills.items():
        probabilities, targets = make_tickets(rng, 4000, skill)
        sets = confidence.label_sets(probabilities, [name] * 4000)
        # two standard deviations of the calibration and of these tickets
        assert sets[np.arange(4000), targets].mean() == pytest.approx(coverage, abs=0.025)


def test_sets_grow_with_coverage() -> None:
    rng = np.random.default_rng(1)
    confidence = fit(*make_tickets(rng, 300, 1.0), ["text"] * 300)
    probabilities, _ = make_tickets(rng, 100, 1.0)
    smaller = confidence.label_sets(probabilities, ["text"] * 100, 0.5)
    usual = confidence.label_sets(probabilities, ["text"] * 100)
    larger = confidence.label_sets(probabilities, ["text"] * 100, 0.99)
    assert (smaller <= usual).all()
    assert (usual <= larger).all()
    assert smaller.sum() < usual.sum() < larger.sum()
    assert (usual == confidence.label_sets(probabilities, ["text"] * 100, 0.9)).all()


def test_a_ticket_with_nothing_and_too_few_tickets_have_all_labels() -> None:
    rng = np.random.default_rng(2)
    confidence = fit(*make_tickets(rng, 100, 3.0), ["text"] * 100)
    assert confidence.label_sets(THREE, ["text", ""])[1].all()
    few = fit(*make_tickets(rng, 5, 3.0), ["text"] * 5)
    assert few.label_sets(THREE, ["text", "text"]).all()
    assert Confidence().label_sets(THREE, ["text", ""]).all()


def test_held_out_tickets_with_nothing_do_not_count() -> None:
    confidence = fit(*make_tickets(np.random.default_rng(3), 4, 1.0), ["text", "", "text", ""])
    assert {name: len(scores) for name, scores in confidence.label_scores.by_combination.items()} == {"text": 2}
    assert confidence.scope_scores.by_combination.keys() == {"text"}


def test_one_class() -> None:
    confidence = fit(np.ones((60, 1)), np.zeros(60, dtype=np.int64), ["text"] * 60)
    assert confidence.label_sets(np.ones((2, 1)), ["text", ""]).tolist() == [[True], [True]]


@pytest.mark.parametrize("coverage", [0.0, 1.0, -1, 95, float("nan")])
def test_an_impossible_coverage_is_told(coverage: float) -> None:
    with pytest.raises(KefuError, match=r"give a share above 0 and below 1, such as 0\.9"):
        Confidence().label_sets(THREE, ["text", "text"], coverage)
