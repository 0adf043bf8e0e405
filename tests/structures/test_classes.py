import pytest

from yolozu.structures.classes import ClassTable

TABLE = ClassTable(("person", "car"), (1, 3))


def test_rows_say_index_id_and_name():
    assert TABLE.to_json() == [{"index": 0, "id": 1, "name": "person"}, {"index": 1, "id": 3, "name": "car"}]


def test_rows_in_any_order_give_the_table():
    assert ClassTable.from_json(TABLE.to_json()[::-1]) == TABLE


@pytest.mark.parametrize(
    ("names", "ids", "problem"), [(("a",), (1, 2), "1 class names, 2 category ids"), (("a", "b"), (1, 1), "repeat")]
)
def test_a_table_that_contradicts_itself_is_refused(names, ids, problem):
    with pytest.raises(ValueError, match=problem):
        ClassTable(names, ids)


def test_a_gap_in_the_indices_is_refused():
    with pytest.raises(ValueError, match=r"0, 1, 2"):
        ClassTable.from_json([{"index": 1, "id": 1, "name": "a"}])
