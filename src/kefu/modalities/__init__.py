"""The kinds of input a ticket can carry, one package each.

A new modality is a new package here: it is found by its folder, its column in the ticket table has its name.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import cast

from kefu.modalities.contract import Modality

MODALITIES: tuple[str, ...] = tuple(sorted(module.name for module in iter_modules(__path__) if module.ispkg))
"""Names of all modalities, sorted: the one order in which they are ever concatenated."""


def get(name: str) -> Modality:
    """Return the modality's package.

    Raises:
        KeyError: there is no such modality; the message lists those there are.
    """
    if name not in MODALITIES:
        raise KeyError(f"unknown modality {name!r}; there are: {', '.join(MODALITIES)}")
    return cast(Modality, import_module(f"kefu.modalities.{name}"))
