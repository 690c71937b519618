import pytest

from kefu import modalities
from kefu.parameters import Parameters

NAMES = ("Cleaning", "Augmentation", "Features", "EncoderParameters", "Parts")
FUNCTIONS = (
    "clean",
    "pack",
    "unpack",
    "show",
    "augment",
    "fit",
    "load_preprocessor",
    "build_encoder",
    "split_parts",
    "hide_part",
)


def test_modalities_are_found_in_sorted_order():
    assert modalities.MODALITIES == ("audio", "image", "text")


@pytest.mark.parametrize("name", modalities.MODALITIES)
def test_a_modality_keeps_its_contract(name):
    module = modalities.get(name)
    assert name == module.NAME
    assert (name == "text") != module.HOLDS_FILES
    for parameters in NAMES:
        assert issubclass(getattr(module, parameters), Parameters)
        getattr(module, parameters)()
    assert all(callable(getattr(module, function)) for function in FUNCTIONS)
    assert {*NAMES, *FUNCTIONS} <= set(module.__all__)


def test_an_unknown_modality_is_named_with_those_there_are():
    with pytest.raises(KeyError, match="unknown modality 'smell'; there are: audio, image, text"):
        modalities.get("smell")


@pytest.mark.parametrize("name", modalities.MODALITIES)
def test_an_unknown_name_is_an_ordinary_attribute_error(name):
    assert not hasattr(modalities.get(name), "no_such_name")
