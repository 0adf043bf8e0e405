"""Every key of the contract has a test that fails if it did nothing, and the committed table says which."""

import pytest

from docs.generate.effects import GROUPS, PAGE, TESTS, WRITE, leaves, marks, page
from yolozu.contract.strict.slots import keys, sections


def test_the_committed_table_is_what_the_marks_say():
    assert (TESTS.parent / PAGE).read_text(encoding="utf-8") == page(), f"run: {WRITE}"


def test_every_key_has_a_test_of_its_effect():
    marked = marks()
    assert [key for key in leaves() if key not in marked] == []


def test_every_mark_names_a_key_that_holds_a_value():
    known = leaves()
    assert {key: tests for key, tests in marks().items() if key not in known} == {}


def test_leaves_are_all_keys_and_the_innermost_where_they_nest():
    assert {key.partition(".")[0] for key in leaves()} == set(keys())
    assert "model.backbone.args.width_mult" in leaves()
    assert "model.backbone" not in leaves()


def test_headings_hold_sections_and_keys_that_there_are():
    homes = {member for members in GROUPS.values() for member in members}
    assert homes <= {*sections(), *leaves()}


def test_the_table_links_to_the_tests():
    row = next(line for line in page().splitlines() if line.startswith("| `lr` |"))
    test = "adamw moves by lr and decays weights by lr times weight decay"
    assert row.startswith("| `lr` | Base learning rate. | ")
    assert f"[{test}](../../tests/training/test_learner_keys.py)" in row


@pytest.fixture
def marks_in(tmp_path):
    def read(text, name="test_a.py"):
        (tmp_path / name).write_text(f"import pytest\n{text}")
        return {key: [(test.path, test.name) for test in tests] for key, tests in marks(tmp_path).items()}

    return read


MARKED = """
@pytest.mark.slow
@pytest.mark.effect("lr", "model.num_queries")
def test_one(): ...

class TestMany:
    @pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.effect("seed"))])
    def test_two(self, x): ...
"""


def test_marks_are_read_from_decorators_and_from_parameters_in_them(marks_in):
    assert marks_in(MARKED) == {
        "lr": [("test_a.py", "test_one")],
        "model.num_queries": [("test_a.py", "test_one")],
        "seed": [("test_a.py", "test_two")],
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("KEY = 'lr'\n@pytest.mark.effect(KEY)\ndef test_a(): ...\n", "test_a.py:3: effect takes the names of keys"),
        ("@pytest.mark.effect()\ndef test_a(): ...\n", "test_a.py:2: effect takes the names of keys"),
        ("@pytest.mark.effect('lr')\ndef helper(): ...\n", "test_a.py:3: helper is marked with effect, but is no test"),
        ("pytestmark = pytest.mark.effect('lr')\n", "test_a.py:2: an effect mark that decorates no function"),
    ],
)
def test_a_mark_that_nobody_could_check_is_refused(marks_in, text, said):
    with pytest.raises(ValueError, match=said):
        marks_in(text)
