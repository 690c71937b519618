"""What the wiring of several pipelines has in common."""

from kefu.modalities import MODALITIES


def of_each_modality(*kinds: str) -> dict[str, str]:
    """Return a node's arguments for some datasets of every modality: ``text_outputs`` for ``text.outputs``."""
    return {f"{modality}_{kind}": f"{modality}.{kind}" for modality in MODALITIES for kind in kinds}
