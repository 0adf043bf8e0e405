"""Which rows of a file become which classes."""

import pytest
import torch

from yolozu.artifacts.coco_classes import COCO_NAMES
from yolozu.errors import InputError
from yolozu.model.weights.class_rows import EMBEDDING, choose_rows, class_counts, depends_on_classes


def rows(head_init, own, *, count=None, names=None, coco=False):
    count = len(names) if count is None else count
    return choose_rows(head_init, where="w.pth", count=count, names=names, coco_if_unnamed=coco, own=own)


def refusal(*arguments, **keys):
    with pytest.raises(InputError) as caught:
        rows(*arguments, **keys)
    return str(caught.value)


@pytest.mark.parametrize(
    ("head_init", "own", "origins", "action"),
    [
        (None, "ab", (0, 1), "copied"),
        ("reinit", "abc", (None, None, None), "re-initialized"),
        ("extend", "abc", (0, 1, None), "extended"),
        ("extend", "ab", (0, 1), "extended"),
        ("remap", "bxa", (1, None, 0), "remapped"),
        ("remap", "b", (1,), "remapped"),
    ],
)
def test_origins(head_init, own, origins, action):
    found = rows(head_init, tuple(own), names=("a", "b"))
    assert (found.origins, found.action) == (origins, action)


def test_a_file_without_names_goes_by_position():
    assert rows("extend", ("x", "y", "z"), count=2).origins == (0, 1, None)
    assert rows(None, ("x", "y"), count=2).origins == (0, 1)


def test_eighty_unnamed_classes_of_a_published_file_are_those_of_coco():
    found = rows("remap", ("tv", "robot", "person"), count=80, coco=True)
    assert found.origins == (62, None, 0)
    assert (len(COCO_NAMES), len(set(COCO_NAMES))) == (80, 80)
    assert "does not name its classes" in refusal("remap", ("tv",), count=80)
    assert "does not name its classes" in refusal("remap", ("tv",), count=79, coco=True)


REFUSALS = [
    (
        ("extend", ("a",)), {"names": ("a", "b")},
        "has 2 classes, more than the 1 of the data set, so they cannot be kept by position",
        "set head_init: remap (by name) or reinit",
    ),
    (
        ("extend", ("a", "x", "b")), {"names": ("a", "b")},
        "calls class 1 'b', the data set 'x', so classes keep no position",
        "set head_init: remap, or put the data set's classes into the file's order",
    ),
    (
        ("remap", ("x", "y")), {"names": ("a", "b")},
        "has no class of the data set (x, y); its own: a, b",
        "spell the names alike, or set head_init: reinit",
    ),
    (
        ("remap", ("a", "b")), {"names": ("a", "b", "a")},
        "cannot be remapped: the file has several classes named a",
        "give every class a name of its own, or set head_init: extend or reinit",
    ),
    (
        ("remap", ("a", "a")), {"names": ("a", "b")},
        "cannot be remapped: the data set has several classes named a",
        "give every class a name of its own, or set head_init: extend or reinit",
    ),
    (
        ("reinit", ("a",)), {"names": ("a", "b"), "count": 3},
        "names 2 classes and has rows for 3",
        "give an unedited copy",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "keys", "problem", "fix"), REFUSALS)
def test_what_makes_no_sense_is_refused(arguments, keys, problem, fix):
    assert refusal(*arguments, **keys) == f"w.pth: YZ419 {problem}\n  fix: {fix}"


def test_rows_go_to_their_places_and_padding_stays_last():
    found = rows("remap", ("b", "x"), names=("a", "b", "c"))
    own, given = torch.tensor([[10.0], [20.0]]), torch.tensor([[1.0], [2.0], [3.0]])
    assert found.merged("selector.logits.weight", own, given).tolist() == [[2.0], [20.0]]
    assert found.rows_from_file("selector.logits.weight") == 1
    own, given = torch.tensor([[10.0], [20.0], [0.0]]), torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    assert found.merged(EMBEDDING, own, given).tolist() == [[2.0], [20.0], [4.0]]
    assert found.rows_from_file(EMBEDDING) == 2
    assert own.tolist() == [[10.0], [20.0], [0.0]]


def test_which_tensors_have_a_row_for_each_class():
    names = ["selector.logits.bias", "decoder.heads.logits.11.weight", EMBEDDING]
    assert all(depends_on_classes(name) for name in names)
    assert not any(depends_on_classes(name) for name in ["selector.boxes.layers.2.bias", "decoder.heads.logits"])
    tensors = {"selector.logits.bias": torch.ones(4), EMBEDDING: torch.ones(5, 2), "selector.norm.bias": torch.ones(9)}
    assert class_counts(tensors) == {4}
