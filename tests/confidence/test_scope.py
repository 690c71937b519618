import numpy as np
import pytest
import torch
from torch import nn

from kefu.confidence import Confidence, ConfidenceParameters
from kefu.confidence.scope import ScopeScore
from kefu.fusion.contract import FusionRows

DIM = 6


def make_heads() -> dict[str, nn.Linear]:
    """Return heads that take the first three coordinates for the logits of three classes."""
    heads = {}
    for name in ("image", "text"):
        head = nn.Linear(DIM, 3)
        with torch.no_grad():
            head.weight.copy_(torch.eye(3, DIM))
            head.bias.zero_()
        heads[name] = head
    return heads


def make_rows(seed: int, n: int, *, foreign: bool = False, absent: str | None = None) -> FusionRows:
    """Return embeddings near one of three axes; near one of three others if foreign."""
    rng = torch.Generator().manual_seed(seed)
    targets = torch.randint(3, (n,), generator=rng)
    axes = torch.eye(DIM)[targets + (3 if foreign else 0)]
    embeddings = {name: 3 * axes + 0.5 * torch.randn(n, DIM, generator=rng) for name in ("image", "text")}
    present = {name: torch.full((n,), name != absent) for name in embeddings}
    return FusionRows(embeddings, present, targets.numpy(), np.arange(n))


@pytest.fixture
def scope() -> ScopeScore:
    return ScopeScore.fit([make_heads()], [make_rows(1, 90)], [make_rows(2, 200)])


def test_usual_tickets_are_about_zero_and_foreign_ones_above(scope: ScopeScore) -> None:
    usual, foreign = (scope.score(make_heads(), 0, make_rows(3, 200, foreign=foreign)) for foreign in (False, True))
    assert abs(usual.mean()) < 0.3
    assert foreign.min() > usual.max()


def test_each_sign_counts(scope: ScopeScore) -> None:
    rows = make_rows(3, 50)
    before = scope.score(make_heads(), 0, rows)
    quiet = FusionRows({n: 0.5 * e for n, e in rows.embeddings.items()}, rows.present, rows.targets, rows.groups)
    assert (scope.score(make_heads(), 0, quiet) > before).all()  # same direction, smaller logits
    aside = {name: value + 4 * torch.eye(DIM)[4] for name, value in rows.embeddings.items()}
    turned = FusionRows(aside, rows.present, rows.targets, rows.groups)
    assert (scope.score(make_heads(), 0, turned) > before).all()  # same logits, another direction


def test_what_stands_in_an_absent_place_does_not_count(scope: ScopeScore) -> None:
    rows = make_rows(3, 20, absent="image")
    expected = scope.score(make_heads(), 0, rows)
    rows.embeddings["image"][:] = float("nan")
    np.testing.assert_array_equal(scope.score(make_heads(), 0, rows), expected)
    assert np.isfinite(expected).all()
    rows.present["text"][0] = False
    assert np.isnan(scope.score(make_heads(), 0, rows)).tolist() == [True] + [False] * 19


def test_training_tickets_that_lack_a_modality_or_a_class() -> None:
    rows = make_rows(1, 90, absent="image")
    known = np.flatnonzero(rows.targets != 2)
    scope = ScopeScore.fit([make_heads()], [rows.take(known)], [make_rows(2, 1)])
    assert np.isfinite(scope.score(make_heads(), 0, make_rows(3, 20))).all()
    assert scope.prototypes["image"].abs().sum() == 0
    assert scope.prototypes["text"][0, 2].abs().sum() == 0


def test_the_share_flagged_is_the_one_allowed(scope: ScopeScore) -> None:
    held_out = make_rows(4, 1000)
    scores = scope.score(make_heads(), 0, held_out)
    parameters = ConfidenceParameters(flagged_share=0.1)
    targets = held_out.targets
    confidence = Confidence.fit(parameters, scope, np.eye(3)[targets], targets, scores, ["image+text"] * 1000)
    usual = scope.score(make_heads(), 0, make_rows(5, 2000))
    foreign = scope.score(make_heads(), 0, make_rows(6, 100, foreign=True))
    assert confidence.out_of_scope(usual, ["image+text"] * 2000).mean() == pytest.approx(0.1, abs=0.025)
    assert confidence.out_of_scope(foreign, ["image+text"] * 100).all()
    assert not confidence.out_of_scope(np.array([np.nan, 99.0]), ["", ""]).any()
    assert not Confidence().out_of_scope(foreign, ["image+text"] * 100).any()
