from __future__ import annotations

import io
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolozu.artifacts.predictions import stream
from yolozu.artifacts.predictions.stream import BrokenJson, JsonText, RepeatedKeys

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def text_of(content: str | bytes) -> JsonText:
    return JsonText(io.BytesIO(content if isinstance(content, bytes) else content.encode()))


@pytest.mark.slow
@settings(max_examples=80)
@given(st.lists(values, max_size=5), st.sampled_from([1, 2, 3, 7, 1 << 22]), st.sampled_from([None, 1]))
def test_elements_are_those_of_the_list_however_small_the_pieces(items, piece, indent):
    before, stream.PIECE_BYTES = stream.PIECE_BYTES, piece
    try:
        text = text_of(json.dumps(items, indent=indent, ensure_ascii=False))
        assert list(text.elements()) == items
        text.end()
    finally:
        stream.PIECE_BYTES = before


@pytest.mark.slow
@settings(max_examples=60)
@given(st.dictionaries(st.text(), values, max_size=5), st.sampled_from([1, 5, 1 << 22]))
def test_members_are_those_of_the_object_however_small_the_pieces(members, piece):
    before, stream.PIECE_BYTES = stream.PIECE_BYTES, piece
    try:
        text = text_of(json.dumps(members))
        assert {key: text.value() for key in text.members()} == members
    finally:
        stream.PIECE_BYTES = before


@given(st.binary(max_size=60), st.sampled_from([1, 8]))
def test_any_bytes_are_a_value_or_broken_json_and_nothing_else(content, piece):
    before, stream.PIECE_BYTES = stream.PIECE_BYTES, piece
    try:
        text = text_of(content)
        try:
            text.value()
            text.end()
        except BrokenJson:
            return
    finally:
        stream.PIECE_BYTES = before


@pytest.mark.parametrize(
    ("content", "problem", "place"),
    [
        ("", "expected '[', found the end of the file", "line 1 column 1"),
        ('[1,\n {"a": tru', "expecting value", "line 2 column 8"),
        ('[1,\n {"a": 1', "expecting ',' delimiter", "line 2 column 9"),
        ('["ab', "unterminated string", "line 1 column 2"),
        ("[1 2]", "expected ',', found '2'", "line 1 column 4"),
        ("[1", "expected ',', found the end of the file", "line 1 column 3"),
        ("[" * 100_000, "nested too deeply", "line 1 column 2"),
        (b"[1,\n\xff]", "not UTF-8 text (invalid start byte)", "byte 4"),
    ],
)
def test_where_the_text_stops_being_json_is_said(content, problem, place):
    with pytest.raises(BrokenJson) as caught:
        list(text_of(content).elements())
    assert (caught.value.problem, caught.value.place) == (problem, place)


def test_lines_and_columns_count_across_pieces(monkeypatch):
    monkeypatch.setattr(stream, "PIECE_BYTES", 4)
    with pytest.raises(BrokenJson) as caught:
        list(text_of('[1,\n2,\n3,   4, "five", nope]').elements())
    assert caught.value.place == "line 3 column 17"


def test_text_after_the_value_is_broken():
    text = text_of("[] []")
    list(text.elements())
    with pytest.raises(BrokenJson, match="text after the end"):
        text.end()


def test_values_before_bad_bytes_are_still_read():
    text = text_of(b'["a", "b", "\xe9"]')
    elements = text.elements()
    assert [next(elements), next(elements)] == ["a", "b"]
    with pytest.raises(BrokenJson, match="not UTF-8"):
        next(elements)


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert text_of(b"\xef\xbb\xbf[1]").value() == [1]


def test_integers_of_thousands_of_digits_are_infinite():
    assert text_of("[" + "9" * 5000 + ", -" + "9" * 5000 + ", 7]").value() == [math.inf, -math.inf, 7]


def test_repeated_keys_are_remembered():
    value = text_of('{"a": 1, "b": 2, "a": 3}').value()
    assert isinstance(value, RepeatedKeys)
    assert value == {"a": 3, "b": 2}
    assert value.repeated == ("a",)
