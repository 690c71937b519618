"""A strategy as it was before anybody asked how far its probabilities can be trusted."""

from copy import deepcopy

import torch

from kefu.fusion.contract import Fusion
from kefu.fusion.joint import JointFusion
from kefu.fusion.late import LateFusion
from kefu.fusion.single import SingleFusion


def uncalibrated(fusion: Fusion) -> Fusion:
    """Return what the classifiers say by themselves, to see what calibration is worth.

    Where a temperature is all that calibrates (a single modality, networks trained end to end), the same strategy at
    temperature 1. Of all others the plain product of the classifiers' opinions, at temperature 1 and weight 1, that
    late fusion starts from: what they learn besides is calibration and combination at once.

    Args:
        fusion: fitted; it is left as it is.
    """
    if isinstance(fusion, JointFusion | SingleFusion):
        plain = deepcopy(fusion)
        with torch.no_grad():
            plain.log_temperature.zero_()
        return plain.eval()
    heads = {name: fusion.heads[name] for name in fusion.modalities}
    return LateFusion(heads, fusion.log_prior.exp()).eval()  # type: ignore[arg-type]
