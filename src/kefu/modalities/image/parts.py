"""The cells of a grid over a picture, one of which at a time can be hidden."""

from itertools import product

import numpy as np
from pydantic import Field

from kefu.modalities.contract import Part
from kefu.modalities.image.clean import Cleaning
from kefu.modalities.image.decode import Pixels
from kefu.parameters import Parameters


class Parts(Parameters):
    """How finely a picture is cut."""

    rows: int = Field(4, ge=1, description="Cells one above the other.")
    columns: int = Field(4, ge=1, description="Cells side by side.")


def split_parts(payload: Pixels, cleaning: Cleaning, params: Parts) -> list[Part]:
    """Return the cells of a grid, row by row.

    Returns:
        Parts whose ``left``, ``top``, ``right`` and ``bottom`` are shares of width and height, from the upper left.
    """
    return [
        _cell(column / params.columns, row / params.rows, (column + 1) / params.columns, (row + 1) / params.rows)
        for row, column in product(range(params.rows), range(params.columns))
    ]


def hide_part(payload: Pixels, part: Part, cleaning: Cleaning) -> Pixels:
    """Return the picture with a rectangle of its mean colour.

    Zeiler and Fergus 2014, Visualizing and Understanding Convolutional Networks.
    """
    height, width = payload.shape[:2]
    left, right = (round(part.place[name] * width) for name in ("left", "right"))
    top, bottom = (round(part.place[name] * height) for name in ("top", "bottom"))
    hidden = payload.copy()
    hidden[top:bottom, left:right] = np.rint(payload.mean(axis=(0, 1))).astype(np.uint8)
    return hidden


def _cell(left: float, top: float, right: float, bottom: float) -> Part:
    name = f"x {left:.2f}-{right:.2f} y {top:.2f}-{bottom:.2f}"
    return Part(name, {"left": left, "top": top, "right": right, "bottom": bottom})
