"""The committed schemas are those that the code gives."""

import pytest

from docs.generate.schemas import DIRECTORY, RECORDS, SCHEMAS, path_of
from yolozu.artifacts.jsonio import pretty
from yolozu.artifacts.record import schema_of


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_the_committed_schema_is_the_one_of_the_code(name):
    assert path_of(name).read_text() == pretty(SCHEMAS[name]())


def test_no_schema_is_forgotten():
    assert {path.name.removesuffix(".schema.json") for path in DIRECTORY.iterdir()} == {*SCHEMAS, "run_contract"}


@pytest.mark.parametrize("name", list(RECORDS))
def test_records_are_closed_and_every_field_is_described(name):
    schema = schema_of(RECORDS[name])
    parts = {"": schema, **schema.get("$defs", {})}
    parts.pop("JsonValue", None)
    assert [part for part, rules in parts.items() if rules["additionalProperties"] is not False] == []
    parts.pop("Deltas", None)  # its fields are those of Numbers
    fields = [(part, *field) for part, rules in parts.items() for field in rules["properties"].items()]
    assert [(part, field) for part, field, rules in fields if not rules.keys() & {"description", "$ref"}] == []
