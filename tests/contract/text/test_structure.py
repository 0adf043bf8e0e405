import pytest

from yolozu.contract.text.node import Origin
from yolozu.contract.text.structure import strange_text

LINE = Origin.in_file("exp.yaml", 3)


@pytest.mark.parametrize(
    ("text", "what"), [("a\nb", "a line break"), ("\0", "U+0000"), ("\x85", "U+0085"), ("\udcff", "U+DCFF")]
)
def test_texts_no_key_can_mean(text, what):
    assert what in strange_text(text, LINE, ("run_id",)).finding.problem


@pytest.mark.parametrize("value", ["a b", "é", "", 3, None])
def test_other_values_are_left_alone(value):
    assert strange_text(value, LINE, ("run_id",)) is None
