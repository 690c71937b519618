"""What a drawing may depend on, and what several drawings share."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kefu.demo.articles import draw_article
from kefu.demo.drawing import BLACK, BLUE, GREEN, INK, ORANGE, RED, YELLOW, Colour, Layer, Point
from kefu.demo.scenery import SIDE_PX
from kefu.demo.text import pick


@dataclass(frozen=True, slots=True)
class Subject:
    """What a drawing may depend on besides its evidence."""

    matter: Mapping[str, str]
    language: str
    rng: np.random.Generator
    zoom: float

    def article(self, which: str = "product", colour: str = "colour") -> Layer:
        """Draw the ticket's product or the other one."""
        return draw_article(self.matter[which], self.matter[colour])

    def near(self, value: float, spread: float) -> float:
        """Return a number within ``spread`` of ``value``."""
        return float(self.rng.uniform(value - spread, value + spread))

    def scale(self, value: float, spread: float) -> float:
        """Return a scale within ``spread`` of ``value`` that fits the picture's format."""
        return self.zoom * self.near(value, spread)

    def centre(self) -> Point:
        """Return a place near the middle of the scene."""
        return SIDE_PX / 2 + self.near(0, 24), SIDE_PX / 2 + self.near(0, 20)


def draw_brand(rng: np.random.Generator) -> Colour:
    """Return the colour of some company."""
    return pick(rng, [RED, BLUE, GREEN, ORANGE, YELLOW, INK])


def draw_bars(layer: Layer, place: Point, size: Point, rng: np.random.Generator) -> None:
    """Draw a bar code with its upper left corner at ``place``."""
    (x, y), (width, height) = place, size
    at = x
    while at < x + width:
        thickness = int(rng.integers(1, 4))
        layer.box(at, y, at + thickness, y + height, BLACK)
        at += thickness + int(rng.integers(2, 5))


def zigzag(start: Point, end: Point, rng: np.random.Generator, num_points: int = 6) -> list[Point]:
    """Return the points of a jagged line."""
    return [
        (
            start[0] + (end[0] - start[0]) * t + rng.uniform(-9, 9),
            start[1] + (end[1] - start[1]) * t + rng.uniform(-3, 3),
        )
        for t in np.linspace(0, 1, num_points)
    ]
