from yolozu.contract.docs.sequence_schema import CONTRACT
from yolozu.contract.docs.sweep_schema import sweep_schema


def test_every_way_takes_the_contract_s_keys_and_all_is_described():
    schema = sweep_schema()
    own, ref = schema["properties"], {"$ref": f"{CONTRACT}#/properties/lr"}
    assert schema["additionalProperties"] is False
    assert all("description" in entry for entry in own.values())
    assert own["grid"]["anyOf"][0]["properties"]["lr"] == {"items": ref, "minItems": 1, "type": "array"}
    assert own["list"]["anyOf"][0]["items"] == {"$ref": CONTRACT}
    values, drawn = own["random"]["anyOf"][0]["properties"]["lr"]["anyOf"]
    assert (values["items"], drawn) == (ref, {"$ref": "#/$defs/Drawn"})
