import pytest

from kefu.fusion.strategies import STRATEGIES, FusionParameters


@pytest.mark.parametrize(
    ("strategy", "strategies", "count", "trained"),
    [
        ("auto", STRATEGIES, 1, ("late",)),
        ("late", ("late", "early"), 1, ("late",)),
        ("auto", STRATEGIES, 2, STRATEGIES),
        ("modular", STRATEGIES, 1, STRATEGIES),
        ("auto", ("adaptive", "modular"), 1, ("adaptive", "modular")),
    ],
)
def test_of_one_modality_late_fusion_alone_is_trained_unless_another_is_named(strategy, strategies, count, trained):
    params = FusionParameters(strategy=strategy, strategies=strategies)
    assert params.for_modalities(count).strategies == trained
