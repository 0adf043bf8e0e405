import pytest
from ruamel.yaml.error import YAMLError

from yolozu.artifacts.plain_yaml import MAX_DEPTH, MAX_VALUES, AliasBombError, read_plain_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: [1, {b: 0.5}]\nc: no\n", {"a": [1, {"b": 0.5}], "c": "no"}),
        (b"a: &x [1]\nb: *x\n", {"a": [1], "b": [1]}),
        ("a: &x 1\nb: &x 2\nc: *x\n", {"a": 1, "b": 2, "c": 2}),
        ("", None),
        ("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1), None),
    ],
)
def test_plain_values_are_read(text, value):
    assert read_plain_yaml(text) == value or value is None


def test_aliases_that_stand_for_millions_are_refused_without_being_walked():
    lines = ["a: &a [x,x,x,x,x,x,x,x,x,x]\n"]
    lines += [f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdef", "bcdefg", strict=True)]
    with pytest.raises(AliasBombError, match=f"more than {MAX_VALUES} values"):
        read_plain_yaml("".join(lines))
    assert len(read_plain_yaml("".join(lines[:4]))) == 4


def test_depth_is_bounded():
    with pytest.raises(RecursionError, match=f"nests deeper than {MAX_DEPTH} levels"):
        read_plain_yaml("[" * 50_000)


@pytest.mark.parametrize("text", ["a: !!python/name:os.system\n", "a: [1\n", "\x00"])
def test_objects_and_broken_text_are_refused(text):
    with pytest.raises(YAMLError):
        read_plain_yaml(text)
