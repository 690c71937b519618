import math
import time

import numpy as np
import pytest
from scipy.stats import bootstrap
from sklearn.metrics import accuracy_score, f1_score

from kefu.evaluation.bootstrap import (
    ACCURACY,
    FIRST_CLASS,
    MACRO_F1,
    Resampling,
    count_statistics,
    count_terms,
    customer_codes,
    holm,
    paired_difference,
    paired_differences,
    score_intervals,
    scores_of,
)
from kefu.evaluation.metrics import accuracy, macro_f1

PERCENTILE = Resampling(method="percentile")
RESAMPLING = Resampling()


def test_estimates_are_the_scores(random_predictions):
    some = random_predictions(80, 4, seed=2)
    found = score_intervals(some, PERCENTILE)
    assert found.estimate[ACCURACY] == pytest.approx(accuracy(some))
    assert found.estimate[MACRO_F1] == pytest.approx(macro_f1(some))
    expected = f1_score(some.targets, some.predicted, average=None)
    assert found.estimate[FIRST_CLASS:] == pytest.approx(expected)
    assert (found.low <= found.estimate).all()
    assert (found.estimate <= found.high).all()


def test_every_resample_is_the_score_of_the_drawn_customers(random_predictions):
    """The slow way: draw the same customers, lay their tickets end to end, ask scikit-learn."""
    some = random_predictions(30, 3, seed=3, customer_id=[f"c{row % 7}" for row in range(30)])
    found = score_intervals(some, Resampling(resamples=25, seed=5))
    codes = customer_codes(some.tickets)
    drawn = np.random.default_rng(5).integers(7, size=(25, 7))
    for row, customers in enumerate(drawn):
        rows = np.concatenate([np.flatnonzero(codes == customer) for customer in customers])
        truth, answer = some.targets[rows], some.predicted[rows]
        assert found.resamples[row, ACCURACY] == pytest.approx(accuracy_score(truth, answer))
        assert found.resamples[row, MACRO_F1] == pytest.approx(f1_score(truth, answer, average="macro"))


def test_terms_add_up_to_the_counts(predictions):
    sums = np.asarray(count_terms(predictions([0, 0, 1], [0, 1, 1])).sum(axis=0)).reshape(1, -1)
    assert sums.tolist() == [[1, 1, 0, 2, 1, 0, 1, 2, 0]]
    assert count_statistics(sums)[0, :2] == pytest.approx([2 / 3, 2 / 3])


def test_accuracy_of_independent_tickets_has_the_binomial_interval(predictions):
    targets = [0] * 400
    some = predictions(targets, [0] * 300 + [1] * 100)
    half = 1.96 * math.sqrt(0.75 * 0.25 / 400)
    for method in ("percentile", "bca"):
        found = score_intervals(some, Resampling(method=method, resamples=4000))
        assert found.low[ACCURACY] == pytest.approx(0.75 - half, abs=0.006)
        assert found.high[ACCURACY] == pytest.approx(0.75 + half, abs=0.006)


def test_tickets_of_one_customer_move_together(predictions):
    """Forty customers of ten equal tickets know as much as forty tickets, not four hundred."""
    right = np.repeat(np.arange(40) % 4 > 0, 10)
    some = predictions([0] * 400, np.where(right, 0, 1), customer_id=np.repeat([f"c{c}" for c in range(40)], 10))
    found = score_intervals(some, PERCENTILE)
    half = 1.96 * math.sqrt(0.75 * 0.25 / 40)
    assert found.customers == 40
    assert (found.high - found.low)[ACCURACY] == pytest.approx(2 * half, rel=0.12)


def test_a_ticket_without_a_customer_is_its_own(tickets):
    table = tickets(6, customer_id=["x", "", None, "x", " ", float("nan")])
    codes = customer_codes(table)
    assert codes[0] == codes[3]
    assert len(set(codes.tolist())) == 5


def test_the_seed_decides(random_predictions):
    some = random_predictions(50, 3, seed=1)
    first, again, other = (score_intervals(some, Resampling(seed=seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.resamples, again.resamples)
    assert not np.array_equal(first.resamples, other.resamples)


def test_one_customer_has_no_interval(predictions):
    found = score_intervals(predictions([0, 1], [0, 0], customer_id=["x", "x"]), Resampling())
    assert found.estimate[ACCURACY] == 0.5
    assert np.isnan(found.low).all()
    assert found.customers == 1


def test_no_tickets_have_no_interval(predictions):
    none = predictions([0], [0]).select(np.array([], dtype=np.int64))
    found = score_intervals(none, Resampling())
    assert np.isnan(found.estimate).all()
    assert found.customers == 0
    assert math.isnan(paired_difference(none, none, Resampling()).p_value)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_all_right_has_a_point_for_an_interval(predictions, method):
    found = score_intervals(predictions([0, 1, 1], [0, 1, 1]), Resampling(method=method))
    assert (found.low[MACRO_F1], found.high[MACRO_F1]) == (1.0, 1.0)
    assert math.isnan(found.low[FIRST_CLASS + 2])


def test_bca_matches_scipy(predictions):
    right = np.random.default_rng(4).random(60) < 0.85
    some = predictions([0] * 60, np.where(right, 0, 1))
    found = score_intervals(some, Resampling(method="bca", resamples=20_000))
    expected = bootstrap((right.astype(float),), np.mean, n_resamples=20_000, method="BCa", rng=1).confidence_interval
    assert found.low[ACCURACY] == pytest.approx(expected.low, abs=0.02)
    assert found.high[ACCURACY] == pytest.approx(expected.high, abs=0.02)


def test_a_better_model_is_found_better(random_predictions):
    good = random_predictions(300, 4, seed=1, skill=3.0)
    bad = random_predictions(300, 4, seed=2, skill=1.0, name="early")
    found = paired_difference(good, bad, Resampling())
    assert found.estimate == pytest.approx(macro_f1(good) - macro_f1(bad))
    assert 0 < found.low < found.estimate < found.high
    assert found.p_value == pytest.approx(2 / 1001)
    back = paired_difference(bad, good, Resampling())
    assert back.estimate == pytest.approx(-found.estimate)
    assert back.p_value == pytest.approx(found.p_value)


def test_equal_models_do_not_differ(random_predictions):
    some = random_predictions(100, 3, seed=1)
    found = paired_difference(some, some, Resampling())
    assert (found.estimate, found.low, found.high, found.p_value, found.n) == (0.0, 0.0, 0.0, 1.0, 100)


def test_the_difference_of_each_class_is_that_of_its_f1(random_predictions):
    good, bad = random_predictions(200, 3, seed=1, skill=3.0), random_predictions(200, 3, seed=2, skill=1.0)
    columns = [FIRST_CLASS + 2, MACRO_F1]
    found = paired_differences(good, bad, columns, RESAMPLING)
    for column, difference in zip(columns, found, strict=True):
        assert difference.better == pytest.approx(scores_of(good)[column])
        assert difference.worse == pytest.approx(scores_of(bad)[column])
        assert difference.estimate == pytest.approx(difference.better - difference.worse)
        assert difference.customers == difference.n == 200
    assert found[1] == paired_difference(good, bad, RESAMPLING)


def test_resamples_without_the_class_do_not_count(predictions):
    """The one ticket of c is in two thirds of the resamples; in each of those the first is better."""
    good = predictions([2] + [0] * 19, [2] + [0] * 19)
    bad = predictions([2] + [0] * 19, [0] * 20)
    found = paired_differences(good, bad, [FIRST_CLASS + 2], RESAMPLING)[0]
    assert found.estimate == 1.0
    with_it = np.isfinite(score_intervals(good, RESAMPLING).resamples[:, FIRST_CLASS + 2]).sum()
    assert 500 < with_it < 800
    assert found.p_value == pytest.approx(2 / (with_it + 1))


def test_scores_without_intervals_are_the_estimates(random_predictions, predictions):
    some = random_predictions(80, 4, seed=2)
    assert scores_of(some) == pytest.approx(score_intervals(some, RESAMPLING).estimate)
    assert np.isnan(scores_of(predictions([0], [0]).select(np.array([], dtype=np.int64)))).all()


def test_holm_by_hand():
    assert holm(np.array([0.01, 0.04, math.nan, 0.03])) == pytest.approx([0.03, 0.06, math.nan, 0.06], nan_ok=True)
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]
    assert holm(np.array([])).tolist() == []


def test_pairing_is_by_ticket_not_by_row(random_predictions):
    good, bad = random_predictions(120, 3, seed=1), random_predictions(120, 3, seed=2, skill=1.0)
    shuffled = bad.select(np.random.default_rng(0).permutation(120))
    assert paired_difference(good, shuffled, Resampling()) == paired_difference(good, bad, Resampling())


def test_a_thousand_resamples_of_two_thousand_tickets_take_well_under_a_second(random_predictions):
    some = random_predictions(2000, 8, seed=1)
    start = time.process_time()
    score_intervals(some, Resampling())
    assert time.process_time() - start < 0.7


def test_memory_limit_does_not_change_the_result(random_predictions, monkeypatch):
    some = random_predictions(40, 3, seed=1)
    whole = score_intervals(some, PERCENTILE).resamples
    monkeypatch.setattr("kefu.evaluation.bootstrap._WEIGHTS_AT_ONCE", 100)
    assert np.array_equal(whole, score_intervals(some, PERCENTILE).resamples)
