import json

from pydantic import TypeAdapter

from yolozu.engine.view.events import BuildEvent, Says, build_events_schema


def test_an_event_is_a_line_of_json_that_comes_back():
    event = Says(stage="train", kind="note", text="hello", time="2026-01-01T00:00:00.000+00:00")
    assert json.loads(event.model_dump_json()) == {
        "schema_version": 1,
        "time": "2026-01-01T00:00:00.000+00:00",
        "event": "line",
        "stage": "train",
        "shard": None,
        "tells_of_job": False,
        "kind": "note",
        "text": "hello",
    }
    assert TypeAdapter(BuildEvent).validate_json(event.model_dump_json()) == event


def test_the_schema_describes_every_kind_of_event_and_nothing_else():
    schema = build_events_schema()
    assert sorted(schema["discriminator"]["mapping"]) == ["build_begins", "build_ends", "line", "progress", "stage"]
    for part in schema["$defs"].values():
        if "properties" in part:
            assert part["additionalProperties"] is False
            assert [name for name, rules in part["properties"].items() if "description" not in rules] == []
            assert set(part["required"]) == set(part["properties"])
