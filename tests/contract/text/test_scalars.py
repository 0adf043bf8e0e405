import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.contract.text.scalars import quoted, resolve, write_flow, write_scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("nUll", "nUll"),
        ("true", True), ("False", False), ("yes", "yes"), ("no", "no"), ("on", "on"),
        ("12", 12), ("-3", -3), ("010", 10), ("0x1F", 31), ("0o17", 15), ("1_000", "1_000"),
        ("1.5", 1.5), ("1e-4", 1e-4), (".5", 0.5), ("5.", 5.0), ("1e400", math.inf), ("-.inf", -math.inf),
        ("2024-01-01", "2024-01-01"), ("1:30", "1:30"), ("=", "="), ("<<", "<<"), ("1.2.3", "1.2.3"),
    ],
)  # fmt: skip
def test_plain_scalars_mean_what_yaml_1_2_says(text, value):
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_not_a_number():
    assert math.isnan(resolve(".nan"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"), (True, "true"), (3, "3"), (0.1, "0.1"), (1e-07, "1.0e-07"), (1.5e300, "1.5e+300"),
        (1e22, "1.0e+22"),
        ("exp01", "exp01"), ("data/coco128", "data/coco128"), ("../data", "../data"), ("./x", "./x"), ("123", '"123"'),
        ("no", '"no"'), ("null", '"null"'), ("", '""'), ("2024-01-01", '"2024-01-01"'), (">= 0.3", '">= 0.3"'),
        (".5", '".5"'), ("a: b", '"a: b"'), ("é", "\"é\""), ("\u2028", '"\\u2028"'), ('"', '"\\""'), ("1e5", '"1e5"'),
    ],
)  # fmt: skip
def test_scalars_are_written_so_that_nobody_misreads_them(value, text):
    assert write_scalar(value) == text


def test_collections_are_written_on_one_line():
    assert write_flow({"a": [1, (2.0, "no")], "b": {}}) == '{a: [1, [2.0, "no"]], b: {}}'


def test_what_is_no_scalar():
    with pytest.raises(TypeError, match="bytes is no scalar"):
        write_scalar(b"")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_quoted_text_reads_back(text):
    from ruamel.yaml import YAML

    assert YAML(typ="safe", pure=True).load(f"a: {quoted(text)}") == {"a": text}
    assert YAML(typ="safe", pure=True).load(f"a: {write_scalar(text)}") == {"a": text}


@given(st.floats())
def test_floats_read_back(number):
    back = resolve(write_scalar(number))
    assert back == number or math.isnan(number)
