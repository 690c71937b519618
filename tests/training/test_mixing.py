import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

from kefu.training.mixing import Mixture, cut_and_paste, draw_mixture, find_pictures

CPU = torch.device("cpu")


def test_a_mixture_is_drawn_from_torchs_numbers():
    torch.manual_seed(3)
    first = draw_mixture(50, 0.4, CPU)
    other = draw_mixture(50, 0.4, CPU)
    torch.manual_seed(3)
    again = draw_mixture(50, 0.4, CPU)
    assert sorted(first.partners.tolist()) == list(range(50))
    assert (first.partners.tolist(), first.share) == (again.partners.tolist(), again.share)
    assert first.share != other.share


@pytest.mark.parametrize(("alpha", "spread"), [(0.2, 0.423), (1.0, 0.289), (8.0, 0.121)])
def test_shares_are_beta_distributed(alpha, spread):
    torch.manual_seed(0)
    shares = torch.tensor([draw_mixture(2, alpha, CPU).share for _ in range(2000)])
    assert shares.mean().item() == pytest.approx(0.5, abs=0.03)
    assert shares.std().item() == pytest.approx(spread, abs=0.02)


def test_embeddings_are_mixed_with_those_of_the_partners():
    mixed = Mixture(torch.tensor([1, 2, 0]), 0.75).of_embeddings(torch.tensor([[0.0], [4.0], [8.0]]))
    assert mixed.tolist() == [[1.0], [5.0], [6.0]]


def test_the_mixed_loss_is_that_of_mixed_targets():
    torch.manual_seed(0)
    logits, targets = torch.randn(4, 3), torch.tensor([0, 1, 2, 1])
    mixture = Mixture(torch.tensor([2, 0, 3, 1]), 0.3)
    soft = 0.3 * one_hot(targets, 3) + 0.7 * one_hot(targets[mixture.partners], 3)
    mixed = mixture.of_losses(lambda t: cross_entropy(logits, t), targets)
    assert mixed.item() == pytest.approx(cross_entropy(logits, soft).item())


def test_pictures_are_told_by_their_axes():
    assert find_pictures({"ids": torch.zeros(2, 5), "pixels": torch.zeros(2, 3, 4, 4)}) == "pixels"
    assert find_pictures({"log_mel": torch.zeros(2, 8, 9)}) is None


def test_a_rectangle_of_the_partner_is_pasted_and_the_share_is_what_is_left():
    pictures = torch.arange(8, dtype=torch.uint8)[:, None, None, None].expand(8, 3, 20, 12).contiguous()
    shares = []
    for seed in range(40):
        torch.manual_seed(seed)
        pasted, mixture = cut_and_paste(pictures, 1.0)
        assert pasted.dtype == torch.uint8
        foreign = torch.zeros(20, 12, dtype=torch.bool)
        for own, (picture, partner) in enumerate(zip(pasted, mixture.partners.tolist(), strict=True)):
            assert set(picture.unique().tolist()) <= {own, partner}
            foreign |= (picture != own).any(dim=0)
        rows, columns = foreign.any(dim=1).sum(), foreign.any(dim=0).sum()
        assert rows * columns == foreign.sum()
        assert mixture.share == pytest.approx(1 - foreign.float().mean().item())
        shares.append(mixture.share)
    assert pictures[3].unique().tolist() == [3]
    assert min(shares) < 0.4 < 0.9 < max(shares)
