from __future__ import annotations

import json
import math

import pytest
from hypothesis import given

from tests.artifacts.predictions.test_stream import text_of, values
from yolozu.artifacts.predictions.fields import extra_findings, is_harmless

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("NaN", ["a: YZ708 nan is not finite"]),
        ("-1e999", ["a: YZ708 -inf is not finite"]),
        ('[1, {"b": [Infinity, NaN]}]', ["a[1].b[0]: YZ708 inf is not finite", "a[1].b[1]: YZ708 nan is not finite"]),
        ('{"b": {"c d": 1, "c d": 2}}', ['a.b["c d"]: YZ706 the key stands twice in one object']),
        ("[" * 900 + "NaN" + "]" * 900, ["a" + "[0]" * 900 + ": YZ708 nan is not finite"]),
    ],
)
def test_what_is_no_json_is_found_however_deep(text, found):
    value = text_of(text).value()
    assert [finding.render().splitlines()[0] for finding in extra_findings(value, "a")] == found
    assert not is_harmless(value)


@given(values)
def test_json_is_harmless(value):
    assert is_harmless(json.loads(json.dumps(value, allow_nan=True))) or any(map(math.isinf, _floats(value)))


def _floats(value):
    if isinstance(value, float):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [number for item in inner for number in _floats(item)]
