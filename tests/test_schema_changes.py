"""What a changed schema breaks is named where it stands; what it breaks not is passed over."""

import copy
import json
import re

import pytest

from docs.generate.released_schemas import incompatible, main, released_files, todays_schemas, version_of
from docs.generate.schema_changes import no_longer_understood, no_longer_valid, without_words

TODAY = todays_schemas()


def closed(required=(), **properties):
    return {
        "type": "object", "additionalProperties": False, "properties": properties, "required": list(required),
    }  # fmt: skip


NUMBER, TEXT, WHOLE = {"type": "number"}, {"type": "string"}, {"type": "integer"}
SMALL = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
OPTIONAL = {"anyOf": [NUMBER, {"type": "null"}]}
NESTED = {**closed(a={"$ref": "#/$defs/Part"}), "$defs": {"Part": closed(x=NUMBER)}}

FOR_FILES = [
    (closed(lr=NUMBER, wd=NUMBER), closed(lr=NUMBER), ["wd: is no key"]),
    (closed(lr=NUMBER), closed(["seed"], lr=NUMBER, seed=WHOLE), ["seed: is required"]),
    (closed(lr=NUMBER), closed(lr=TEXT), ["lr: was number, has to be string"]),
    (closed(lr=NUMBER), closed(lr=WHOLE), ["lr: was number, has to be integer"]),
    (closed(lr=OPTIONAL), closed(lr=NUMBER), ["lr: was null, has to be number"]),
    (closed(lr=NUMBER), closed(lr=SMALL), ["lr: exclusiveMaximum is 1, was open", "lr: minimum is 0, was open"]),
    (closed(n={"enum": ["a", "b"]}), closed(n={"enum": ["b", "c"]}), ["n: 'a' is no choice"]),
    (closed(n=TEXT), closed(n={"type": "string", "enum": ["b"]}), ["n: any value became a choice"]),
    (closed(n=TEXT), closed(n={"type": "string", "pattern": "^a"}), ["n: pattern is '^a', was 'open'"]),
    (closed(n=WHOLE), closed(n={"type": "integer", "multipleOf": 32}), ["n: multipleOf is 32, was open"]),
    ({"type": "object"}, closed(), ["other keys are refused"]),
    ({"type": "array", "items": NUMBER}, {"type": "array", "items": TEXT}, ["[]: was number, has to be string"]),
    (NESTED, {**NESTED, "$defs": {"Part": closed(x=TEXT)}}, ["a.x: was number, has to be string"]),
]


@pytest.mark.parametrize(("old", "new", "problems"), FOR_FILES)
def test_what_makes_a_file_of_before_invalid_is_named(old, new, problems):
    assert no_longer_valid(old, new) == problems


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (closed(lr=NUMBER), closed(lr=NUMBER, wd=NUMBER)),
        (closed(lr=SMALL), closed(lr=NUMBER)),
        (closed(lr=WHOLE), closed(lr=NUMBER)),
        (closed(lr=NUMBER), closed(lr=OPTIONAL)),
        (closed(["lr"], lr=NUMBER), closed(lr=NUMBER)),
        (closed(n={"const": 64}), closed(n=WHOLE)),
        (closed(n={"enum": ["a"]}), closed(n={"enum": ["a", "b"]})),
        (closed(n={"type": "integer", "multipleOf": 64}), closed(n={"type": "integer", "multipleOf": 32})),
        (closed(n={"type": ["null", "string"]}), closed(n={"anyOf": [TEXT, {"type": "null"}]})),
        (closed(n=NUMBER), closed(n={})),
        (NESTED, closed(a=closed(x=NUMBER))),
    ],
)
def test_what_leaves_files_of_before_valid_is_passed_over(old, new):
    assert no_longer_valid(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "problems"),
    [
        (closed(["a"], a=NUMBER), closed(["a"], a=OPTIONAL), ["a: may be null, was number"]),
        (closed(["a"], a=NUMBER), closed(a=NUMBER), ["a: may be missing"]),
        (closed(["a"], a=NUMBER, b=NUMBER), closed(["a"], a=NUMBER), ["b: is gone"]),
        (closed(["a"], a=NUMBER), closed(["a"], a=NUMBER, b=TEXT), []),
        (closed(n={"enum": ["a", "b"]}), closed(n={"enum": ["a", "b", "c"]}), []),
    ],
)
def test_what_a_reader_of_before_cannot_understand_is_named(old, new, problems):
    assert no_longer_understood(old, new) == problems


def test_another_version_may_change_anything():
    old, new = (closed(schema_version={"const": version}, **keys) for version, keys in ((1, {"a": TEXT}), (2, {})))
    assert incompatible("run_meta", old, new) == []
    assert incompatible("run_meta", old, closed(schema_version={"const": 1})) == [
        "a file of before: a: is no key",
        "a reader of before: a: is gone",
    ]


@pytest.mark.parametrize("path", released_files(), ids=lambda path: f"{path.parent.name}-{path.name.split('.')[0]}")
def test_todays_schema_fits_the_released_one(path):
    """A change that it does not allow begins contracts/v2; docs/explanation/evolution.md says how."""
    name = path.name.removesuffix(".schema.json")
    assert incompatible(name, json.loads(path.read_text()), TODAY[name]) == []


@pytest.mark.parametrize("name", sorted(TODAY))
def test_the_comparison_goes_into_every_part(name):
    """Keys taken out of any part of the real schemas are noticed."""
    schema = without_words(TODAY[name])
    assert incompatible(name, schema, schema) == []
    named_elsewhere = {"schema_version", "config_version", *re.findall(r"/properties/(\w+)", json.dumps(schema))}
    for number, part in enumerate([schema, *schema.get("$defs", {}).values()]):
        gone = part.get("properties", {}).keys() - named_elsewhere
        if not gone or part.get("additionalProperties") is not False:
            continue
        without = copy.deepcopy(schema)
        changed = [without, *without.get("$defs", {}).values()][number]
        changed["properties"] = {key: rules for key, rules in changed["properties"].items() if key not in gone}
        changed["required"] = [key for key in changed.get("required", ()) if key not in gone]
        assert incompatible(name, schema, without) != [], number


def test_the_command_says_nothing_where_all_fits(capsys):
    assert (main(), capsys.readouterr().out) == (0, "")


def test_the_version_of_a_schema_is_the_one_its_files_state():
    assert {name for name in TODAY if version_of(TODAY[name]) != 1} == UNVERSIONED


UNVERSIONED = {"build_events", "onnx_metadata", "predictions", "scenario_setting"}
"""Their files state it elsewhere or not at all, and are always compared."""
