import sys

import pytest

from yolozu.errors import UsageError
from yolozu.registry import Registry, nearest

SHAPES = Registry("shape", {"circle": "math:pi", "square": "math:sqrt", "absent": "yolozu.no_such_module:x"})


def test_a_registry_lists_its_names_without_importing_anything():
    assert (list(SHAPES), "circle" in SHAPES, "oval" in SHAPES, len(SHAPES)) == (
        ["circle", "square", "absent"], True, False, 3,
    )  # fmt: skip
    assert "yolozu.no_such_module" not in sys.modules


def test_a_name_loads_what_the_table_says():
    assert SHAPES.load("square")(9) == 3


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("cirle", "did you mean 'circle'? Known: circle, square, absent"),
        ("x", "choose one of: circle, square, absent"),
    ],
)
def test_an_unknown_name_gets_the_nearest(name, fix):
    with pytest.raises(UsageError) as caught:
        SHAPES.load(name)
    assert str(caught.value) == f"shape {name!r}: YZ901 no such shape\n  fix: {fix}"


def test_nothing_is_near_to_nonsense():
    assert nearest("zzz", ["circle"]) is None
