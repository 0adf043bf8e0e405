# ruff: noqa: E501 (the table reads best with one case a line)

import pytest

from yolozu.contract.text.yaml import read_yaml_text
from yolozu.errors import ContractError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: b: c", "exp.yaml:1: YZ106 a ':' where no key can stand\n  fix: quote the value or correct the indentation"),
        ("a:\n\tb: 1", "exp.yaml:2: YZ106 a tab where YAML wants spaces\n  fix: indent with spaces"),
        ("a: {b: 1", "exp.yaml:1: YZ106 a '{' that is not closed, or a missing ','\n  fix: close it with '}'"),
        ("a: 1\nb: 'x\nc: 2\n", "exp.yaml:2: YZ106 a quote that is never closed\n  fix: close it on the same line"),
        ("a: @x", "exp.yaml:1: YZ106 a value that starts with @\n  fix: put the value in quotes"),
        ("a: %x", "exp.yaml:1: YZ106 a value that starts with %\n  fix: put the value in quotes"),
        ("a: *", "exp.yaml:1: YZ106 a value that starts with '&' or '*'\n  fix: put the value in quotes"),
        ("a: !<", "exp.yaml:1: YZ106 a value that starts with '!'\n  fix: put the value in quotes"),
        ("a: ]", "exp.yaml:1: YZ106 a ] that closes nothing\n  fix: remove it or quote the value"),
        ("a: -\n", "exp.yaml:1: YZ106 a '-' where no list can start\n  fix: put the list on its own lines"),
        ("a: 1\nb\nc: 2\n", "exp.yaml:2: YZ106 a line without ':'\n  fix: write 'key: value'"),
        ("- a\nb: 1", "exp.yaml:2: YZ106 an indentation or word that does not fit the lines above\n  fix: align it with its neighbors"),
        ('a: "\\q"', "exp.yaml:1: YZ106 an unknown escape in double quotes\n  fix: use single quotes"),
        ('a: "\\U00110000"', "exp.yaml: YZ106 an unknown escape in double quotes\n  fix: use single quotes"),
        ('a: "\\Uffffffff"', "exp.yaml: YZ106 an unknown escape in double quotes\n  fix: use single quotes"),
        ("a: >9x\n", "exp.yaml:1: YZ106 a '|' or '>' with something strange behind it\n  fix: put the value in quotes"),
        ("%TAG a\n---\n", "exp.yaml:1: YZ106 a '%' line that is no valid directive\n  fix: remove it"),
        ("%YAML 1.9\n---\n", "exp.yaml: YZ106 a %YAML directive of an unknown version\n  fix: remove it: contracts are YAML 1.2"),
    ],
)  # fmt: skip
def test_syntax_errors_in_plain_words(text, said):
    with pytest.raises(ContractError) as caught:
        read_yaml_text(text, "exp.yaml")
    assert str(caught.value) == said
