from yolozu.contract.docs.sequence_schema import CONTRACT, task_sequence_schema


def test_a_task_takes_the_contract_s_keys_and_nothing_else_is_allowed():
    schema = task_sequence_schema()
    task = schema["$defs"]["SequenceTask"]
    for part in (schema, task):
        assert part["additionalProperties"] is False
    assert all("description" in entry for entry in schema["properties"].values())
    assert task["properties"]["lr"] == {"$ref": f"{CONTRACT}#/properties/lr"}
    assert schema["properties"]["later"]["$ref"] == CONTRACT
