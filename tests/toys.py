"""Claims about a function of our own, right and wrong, for the tests of the machinery."""

import numpy as np

from sdtheory.claims import claim


def square(x):
    """The function under test."""
    return x * x


class Box:
    """A class whose property is under test."""

    def __init__(self, side):
        self.side = side

    @property
    def area(self):
        """Area of the box."""
        return square(self.side)


COMMON = {"paper": "Toys", "where": "1", "says": "A toy.", "kind": "identity"}


def numbers(draw):
    return {"x": draw.uniform(0.5, 10.0)}


@claim("toys.right", instances=numbers, tolerance=1e-15, guards=("toys.square",), **COMMON)
def right(x):
    return abs(square(x) / x**2 - 1)


@claim("toys.wrong", instances=numbers, tolerance=1e-3, guards=("toys.square",), **COMMON)
def wrong(x):
    return max(0.0, square(x) - 50.0)


@claim(
    "toys.told_wrong",
    verdict="fails",
    counterexample={"x": 8.0},
    instances=numbers,
    tolerance=1e-3,
    guards=("toys.square",),
    **COMMON,
)
def told_wrong(x):
    return max(0.0, square(x) - 50.0)


@claim(
    "toys.conditional",
    verdict="holds_with_condition",
    condition="x is at most 7",
    counterexample={"x": 8.0},
    instances=lambda draw: {"x": draw.uniform(0.5, 7.0)},
    tolerance=lambda x: 1e-3,
    guards=("toys.square",),
    **(COMMON | {"kind": "inequality"}),
)
def conditional(x):
    return square(x) - 49.0


@claim("toys.numb", instances=numbers, tolerance=1e-3, guards=("toys.square",), **COMMON)
def numb(x):
    return 0.0 * square(x)


@claim("toys.absent", instances=numbers, tolerance=1e-3, guards=("toys.square",), **COMMON)
def absent(x):
    return 0.0 * x


@claim("toys.property", instances=numbers, tolerance=1e-15, guards=("toys.Box.area",), **COMMON)
def property(x):  # noqa: A001
    return abs(Box(x).area / x**2 - 1)


@claim("toys.vanishes", instances=numbers, tolerance=1.0, guards=("toys.square",), **COMMON)
def vanishes(x):
    return np.nan * square(x)


def picky_instances(draw):
    value = draw.uniform(0.0, 1.0)
    draw.assume(value > 0.9)
    return {"x": value}


@claim("toys.picky", instances=picky_instances, tolerance=1e-15, guards=("toys.square",), **COMMON)
def picky(x):
    return abs(square(x) / x**2 - 1)


@claim("toys.one_sided", instances=numbers, tolerance=1e-15, guards=("toys.square",), **COMMON)
def one_sided(x):
    return square(x) / x**2 - 1


@claim(
    "toys.told_nothing",
    verdict="fails",
    counterexample={"x": 1.0},
    instances=numbers,
    tolerance=1e-3,
    guards=("toys.square",),
    **COMMON,
)
def told_nothing(x):
    return np.nan if x == 1.0 else max(0.0, square(x) - 50.0)
