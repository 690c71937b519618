from itertools import pairwise

import pytest

from kefu import modalities
from kefu.modalities.contract import Corruption
from kefu.parameters import Parameters

NAMES = ("Cleaning", "Augmentation", "Features", "EncoderParameters")
FUNCTIONS = ("clean", "pack", "unpack", "augment", "fit", "load_preprocessor", "build_encoder")


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
    assert {*NAMES, *FUNCTIONS, "CORRUPTIONS"} <= set(module.__all__)


@pytest.mark.parametrize("name", modalities.MODALITIES)
def test_corruptions_go_from_mild_to_bad(name):
    corruptions = modalities.get(name).CORRUPTIONS
    assert len({one.name for one in corruptions}) == len(corruptions) > 0
    for corruption in corruptions:
        severities = corruption.severities
        assert severities[0] == 0
        assert severities[-1] == 1
        assert all(one < other for one, other in pairwise(severities))
        assert len(corruption.level_names) == len(severities)


def test_the_first_level_is_named_as_the_corruption_says():
    corruption = Corruption("noise", "dB", 40, (30, -10), lambda payload, level, rng: payload, intact_name="∞")
    assert corruption.level_names == ["∞", "30", "-10"]
    assert corruption.severities.tolist() == [0, 0.2, 1]


def test_an_unknown_modality_is_named_with_those_there_are():
    with pytest.raises(KeyError, match="unknown modality 'smell'; there are: audio, image, text"):
        modalities.get("smell")


@pytest.mark.parametrize("name", modalities.MODALITIES)
def test_an_unknown_name_is_an_ordinary_attribute_error(name):
    assert not hasattr(modalities.get(name), "no_such_name")
