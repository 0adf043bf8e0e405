import json
from pathlib import Path

from yolozu.contract.docs.schema import SCHEMA_PATH, contract_schema
from yolozu.contract.overrides import ALIASES
from yolozu.contract.strict.slots import keys

REPOSITORY = Path(__file__).parents[3]


def test_the_committed_schema_is_what_the_code_generates():
    assert json.loads((REPOSITORY / SCHEMA_PATH).read_text(encoding="utf-8")) == contract_schema()


def test_the_schema_names_every_key_and_its_other_spellings_and_nothing_else():
    schema = contract_schema()
    assert set(schema["properties"]) == {*keys(), *ALIASES}
    assert schema["additionalProperties"] is False
    assert all("description" in entry for entry in schema["properties"].values())
    for definition in schema["$defs"].values():
        assert definition["additionalProperties"] is False
        assert all("description" in entry for entry in definition["properties"].values())


def test_the_schema_takes_what_contracts_take():
    properties = contract_schema()["properties"]
    assert properties["lr"] == {"default": 0.0001, "description": "Base learning rate.", "minimum": 0, "type": "number"}
    assert properties["model"]["anyOf"][0] == {"$ref": "#/$defs/ModelConfig"}
    assert properties["model"]["anyOf"][1]["type"] == "string"
    assert [entry["type"] for entry in properties["scheduler_milestones"]["anyOf"]] == ["array", "string"]
    assert properties["use_amp"]["type"] == "boolean"


def test_every_reference_inside_the_schema_leads_somewhere():
    schema = contract_schema()
    for part in json.dumps(schema).split('"$ref": "#/')[1:]:
        entry = schema
        for name in part.partition('"')[0].split("/"):
            entry = entry[name]
