"""kefu: multimodal customer-service tickets, from raw files to trained models."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kefu.predictor import Predictor

__version__ = "0.1.0"
__all__ = ["Predictor", "__version__"]


def __getattr__(name: str) -> Any:
    """Import :class:`kefu.predictor.Predictor`, and torch with it, when it is first asked for (PEP 562)."""
    if name == "Predictor":
        from kefu.predictor import Predictor

        return Predictor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), "Predictor"])
