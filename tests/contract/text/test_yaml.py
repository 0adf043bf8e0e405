import pytest

from yolozu.contract.text.yaml import read_yaml_text, read_yaml_value
from yolozu.errors import ContractError


def said(text):
    try:
        _, problems = read_yaml_text(text, "exp.yaml")
    except ContractError as error:
        return str(error).splitlines()[::2]
    return [problem.finding.render().splitlines()[0] for problem in sorted(problems)]


def test_values_and_lines():
    root, problems = read_yaml_text("a: 1\nb:\n  c: [x, 2]\n  'd': \"3\"\n", "exp.yaml")
    assert problems == []
    assert root.plain() == {"a": 1, "b": {"c": ["x", 2], "d": "3"}}
    assert root.find(("b", "c")).origin.text == "exp.yaml:3"
    assert root.find(("b", "d")).origin.line == 4


def test_anchors_on_scalars_are_shared_values():
    root, problems = read_yaml_text("a: &x 0.1\nb: *x\n", "exp.yaml")
    assert problems == []
    assert root.plain() == {"a": 0.1, "b": 0.1}
    assert root.find(("b",)).origin.line == 2


def test_a_bomb_of_aliases_is_refused_without_being_walked():
    bomb = "a0: &a0 [x,x,x]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))
    assert said(bomb)[0] == "exp.yaml:1: a0: YZ107 the anchor &a0 on a collection is refused"
    assert len(said(bomb)) == 30


def test_an_alias_of_nothing():
    assert said("a: *nothing\n") == ["exp.yaml:1: a: YZ107 *nothing stands for nothing: there is no &nothing above"]


def test_a_tag_on_everything():
    assert said("!!map {a: 1}\n") == ["exp.yaml:1: YZ107 the tag !!map is refused: a contract is plain data"]


def test_a_key_that_is_no_word():
    assert said("b: 1\nb: 2\n? [a]\n: 1\n") == [
        "exp.yaml:2: b: YZ108 written twice, first on line 1",
        "exp.yaml:3: YZ107 a key that is no plain word",
    ]


def test_nesting_has_an_end():
    assert said("a: " + "[" * 40 + "]" * 40) == ["exp.yaml:1: a[0][0]: YZ106 nests deeper than 32 levels"]


def test_a_text_over_lines():
    assert said("run_id: |\n  a\n") == ["exp.yaml:1: run_id: YZ104 the text holds a line break"]


def test_a_quoted_merge_key_is_a_key():
    assert read_yaml_text("'<<': 1\n", "exp.yaml")[0].plain() == {"<<": 1}


@pytest.mark.parametrize(("text", "kind"), [("3\n", "a single value"), ("- 1\n", "a list")])
def test_something_else_than_a_map(text, kind):
    assert said(text) == [f"exp.yaml:1: YZ113 holds {kind} where keys are expected"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~\n"])
def test_nothing(text):
    assert said(text) == ["exp.yaml: YZ113 is empty"]


def test_a_value_alone():
    assert read_yaml_value("[1, 2]", "lr=[1, 2]")[0].plain() == [1, 2]
    assert read_yaml_value("", "lr=")[0] is None
