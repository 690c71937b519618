"""Personal data in what customers say: found and replaced, in English and Chinese."""

from kefu.privacy.masking import KINDS, Found, Kind, Masked, mask, mask_json

__all__ = ["KINDS", "Found", "Kind", "Masked", "mask", "mask_json"]
