import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.contract.text.json import read_json_text
from yolozu.errors import ContractError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["C"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["C"])), inner, max_size=3)
    ),
    max_leaves=10,
)


def said(text):
    with pytest.raises(ContractError) as caught:
        read_json_text(text, "exp.json")
    return str(caught.value).splitlines()[0]


@pytest.mark.slow
@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["C"])), VALUES, max_size=4),
    st.sampled_from([None, 1, "\t"]),
)
def test_json_means_what_the_standard_library_says(value, indent):
    root, problems = read_json_text(json.dumps(value, indent=indent, ensure_ascii=indent is None), "exp.json")
    assert root.plain() == value
    assert problems == []


def test_lines():
    root, _ = read_json_text('{\n"a": {"b": 1,\n\n"c": [1,\n2]}}', "exp.json")
    assert [root.find(path).origin.line for path in [("a",), ("a", "b"), ("a", "c"), ("a", "c", 1)]] == [2, 2, 4, 5]


def test_a_key_that_is_written_twice():
    root, problems = read_json_text('{"a": 1,\n"a": 2}', "exp.json")
    assert root.plain() == {"a": 1}
    assert [problem.finding.render().splitlines()[0] for problem in problems] == [
        "exp.json:2: a: YZ108 written twice, first on line 1"
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"a":\n1', "exp.json:2: YZ106 no JSON from column 2: expecting ',' delimiter"),
        ("{a: 1}", "exp.json:1: YZ106 no JSON from column 2: expecting property name enclosed in double quotes"),
        ('{"a": ' + "[" * 100_000, "exp.json: YZ106 is nested too deeply"),
        ('{"a": ' + "[" * 40 + "]" * 40 + "}", "exp.json:1: a[0][0]: YZ106 nests deeper than 32 levels"),
        ('{"a": ' + "9" * 5000 + "}", "exp.json: YZ106 holds a number of thousands of digits"),
        ("[1]", "exp.json:1: YZ113 holds a list where keys are expected"),
        (" \n", "exp.json: YZ113 is empty"),
    ],
)
def test_what_is_refused(text, line):
    assert said(text) == line
