import pytest

from yolozu.contract.text.node import BROKEN, Node, Origin, Problem, dotted, printable

LINE = Origin.in_file("exp.yaml", 3)


def node(value):
    if isinstance(value, dict):
        return Node({key: node(entry) for key, entry in value.items()}, LINE)
    return Node([node(entry) for entry in value], LINE) if isinstance(value, list) else Node(value, LINE)


def test_nodes_are_found_put_and_dropped():
    root = node({"a": {"b": [1, 2]}, "c": 3})
    assert root.find(("a", "b", 1)).value == 2
    assert root.find(("a", "x")) is None
    assert root.find(("c", "x")) is None
    root.put(("d", "e"), node(5))
    assert root.drop(("a", "b"))
    assert not root.drop(("a", "b"))
    assert root.plain() == {"a": {}, "c": 3, "d": {"e": 5}}


def test_what_is_no_map_stays_where_something_is_put_below_it():
    root = node({"model": 5})
    root.put(("model", "num_queries"), node(3))
    assert root.plain() == {"model": 5}


def test_the_nearest_node_is_the_deepest_that_was_given():
    root = node({"a": {"b": 1}})
    assert root.nearest(("a", "x", "y")) is root.value["a"]
    assert root.nearest(("z",)) is root


def test_leaves_are_what_holds_values():
    assert [path for path, _ in node({"a": {"b": 1, "c": {}}, "d": [1]}).leaves()] == [("a", "b"), ("a", "c"), ("d",)]


@pytest.mark.parametrize(
    ("origin", "path", "where"),
    [
        (LINE, ("model", "num_queries"), "exp.yaml:3: model.num_queries"),
        (LINE, (), "exp.yaml:3"),
        (Origin(1, "", 1, "lr=x"), ("lr",), "lr=x"),
        (Origin(1, "", 1, "loss_weights={vfl: x}"), ("loss_weights", "vfl"), "loss_weights={vfl: x}: loss_weights.vfl"),
        (Origin(2, "", 1, "--image-size"), ("image_size",), "--image-size"),
        (Origin(2, "", 1, "--model"), ("model", "x"), "--model: model.x"),
    ],
)
def test_findings_point_to_a_place_and_a_key(origin, path, where):
    assert origin.where(path) == where


def test_keys_that_are_no_words_are_quoted():
    assert dotted(("a", "b c", 2)) == "a.'b c'[2]"


def test_text_is_made_printable():
    assert printable("a\nb\ud800é") == "a\\nb\\ud800é"
    assert repr(BROKEN) == "BROKEN"


def test_problems_are_ordered_by_layer_and_line():
    late, early = Origin.in_file("exp.yaml", 10), Origin.in_file("exp.yaml", 9)
    word, whole = Origin(1, "", 1, "lr=1"), Origin.of_file("exp.yaml")
    problems = [Problem.at(origin, (), "YZ102", "", "") for origin in (word, late, whole, early)]
    assert [problem.origin for problem in sorted(problems)] == [whole, early, late, word]
