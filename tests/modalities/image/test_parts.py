import numpy as np
import pytest

from kefu.modalities.image.clean import Cleaning
from kefu.modalities.image.parts import Parts, hide_part, split_parts


@pytest.mark.parametrize("shape", [(7, 10), (64, 48), (3, 2)])
def test_cells_cover_the_picture_once(shape):
    pixels = np.zeros((*shape, 3), np.uint8)
    pixels[:, ::2] = 200  # so that the mean colour is none of the picture's
    hidden = [hide_part(pixels, part, Cleaning()) for part in split_parts(pixels, Cleaning(), Parts(rows=3, columns=2))]
    assert len(hidden) == 6
    assert (sum((one != pixels).any(axis=2).astype(int) for one in hidden) == 1).all()


def test_a_hidden_cell_has_the_mean_colour_and_the_rest_stays(photo):
    before = photo.copy()
    part = split_parts(photo, Cleaning(), Parts(rows=2, columns=2))[1]
    assert part.place == {"left": 0.5, "top": 0.0, "right": 1.0, "bottom": 0.5}
    hidden = hide_part(photo, part, Cleaning())
    assert (hidden[:48, 64:] == np.rint(photo.mean(axis=(0, 1)))).all()
    changed = (hidden != photo).any(axis=2)
    assert not changed[48:].any()
    assert not changed[:, :64].any()
    assert (photo == before).all(), "the payload itself is left alone"
