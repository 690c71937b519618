import pytest
from pydantic import ValidationError

from kefu.demo import DemoParameters


def test_shares_of_evidence_must_not_exceed_one() -> None:
    with pytest.raises(ValidationError, match=r"clear_share \+ paired_share"):
        DemoParameters(clear_share=0.7, paired_share=0.4)


def test_noise_range_must_be_in_order() -> None:
    with pytest.raises(ValidationError, match="min_snr_db"):
        DemoParameters(min_snr_db=10, max_snr_db=0)
