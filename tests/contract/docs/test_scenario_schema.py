from yolozu.contract.docs.scenario_schema import scenario_setting_schema


def test_keys_are_described_and_nothing_else_is_allowed():
    schema = scenario_setting_schema()
    parts = [schema, *(schema["$defs"][name] for name in ("Scenario", "SliceConfig", "PerturbConfig"))]
    for part in parts:
        assert part["additionalProperties"] is False
        assert all("description" in entry for entry in part["properties"].values())
    assert schema["properties"]["score_threshold"]["maximum"] == 1.0
