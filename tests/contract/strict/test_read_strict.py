import json
from pathlib import Path
from typing import Annotated, Literal, Self

import pytest
from pydantic import Field, JsonValue, model_validator

from yolozu.artifacts.record import Record
from yolozu.contract.base import Conflict, Form, Section
from yolozu.contract.strict.read_strict import read_strict
from yolozu.errors import InputError


class Camera(Section):
    name: Annotated[str, Field(min_length=1)]
    near: float | None = None
    far: float | None = None

    @model_validator(mode="after")
    def _range_is_ordered(self) -> Self:
        if self.near is not None and self.far is not None and self.near > self.far:
            raise Conflict("near", "far", problem=f"is beyond far, {self.far:g}", fix="swap them")
        return self


class Rig(Record):
    version: Literal[1] = 1
    cameras: list[Camera] = Field(min_length=1)
    by_place: dict[str, Camera] = Field(default_factory=dict)
    digest: Annotated[str, Form("four digits")] | None = None
    more: dict[str, JsonValue] = Field(default_factory=dict)


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def read(name, text):
        Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_strict(Path(name), Rig, code="YZ203", fix="describe the cameras")

    return read


@pytest.fixture
def refusal(read):
    def refusal(name, text):
        with pytest.raises(InputError) as caught:
            read(name, text)
        return str(caught.value)

    return refusal


RIG = Rig(cameras=[Camera(name="left", far=2.0)], more={"a": [True, 1.5]})


def test_yaml_and_json_mean_the_same(read):
    value = {"cameras": [{"name": "left", "far": 2}], "more": {"a": [True, 1.5]}}
    assert read("rig.json", json.dumps(value)) == read("rig.json", json.dumps(value, indent=1)) == RIG
    assert read("rig.yaml", "cameras:\n- {name: left, far: 2}\nmore: {a: [true, 1.5]}\n") == RIG


def test_everything_that_is_wrong_is_told_by_line_with_the_nearest_name(refusal):
    text = """version: true
camras: 1
cameras:
- {name: left, naer: 1.0, near: 2.0, far: 1.0}
- {near: close}
- 7
by_place: {front: {name: ''}, back: {name: b}, back: {name: c}}
digest: 12
more: x
"""
    assert refusal("rig.yaml", text) == (
        "rig.yaml:1: version: YZ203 must be 1, got true\n"
        "  fix: write 1\n"
        "rig.yaml:2: camras: YZ203 unknown key\n"
        "  fix: did you mean 'cameras'?\n"
        "rig.yaml:4: cameras[0].naer: YZ203 unknown key\n"
        "  fix: did you mean 'near'?\n"
        "rig.yaml:4: cameras[0].near: YZ203 is beyond far, 1\n"
        "  fix: swap them\n"
        "rig.yaml:5: cameras[1]: YZ203 has no name\n"
        "  fix: add it: a text that is not empty\n"
        "rig.yaml:5: cameras[1].near: YZ203 must be a number, or null, got close\n"
        "  fix: correct it, or drop cameras[1].near for its default, null\n"
        "rig.yaml:6: cameras[2]: YZ203 must be a map, got 7\n"
        "  fix: correct or remove it\n"
        "rig.yaml:7: by_place.back: YZ203 written twice, first on line 7\n"
        "  fix: keep one of the two\n"
        'rig.yaml:7: by_place.front.name: YZ203 must be a text that is not empty, got ""\n'
        "  fix: correct or remove it\n"
        "rig.yaml:8: digest: YZ203 must be four digits, or null, got 12\n"
        '  fix: write it in quotes: "12"\n'
        "rig.yaml:9: more: YZ203 must be a map whose values are anything, got x\n"
        "  fix: correct it, or drop more for its default, {}"
    )


def test_a_value_that_is_left_out_hides_nothing_and_causes_nothing(refusal):
    text = '{"version": 2,\n"by_place": {"a": {"name": 1, "near": 2, "far": 1}},\n"cameras": []}'
    assert refusal("rig.json", text) == (
        "rig.json:1: version: YZ203 must be 1, got 2\n"
        "  fix: write 1\n"
        "rig.json:2: by_place.a.name: YZ203 must be a text that is not empty, got 1\n"
        '  fix: write it in quotes: "1"\n'
        "rig.json:3: cameras: YZ203 must be a list whose elements are a map, got []\n"
        "  fix: correct or remove it"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "rig.json: YZ203 is empty\n  fix: describe the cameras"),
        ("[]", "rig.json:1: YZ203 holds a list where keys are expected\n  fix: describe the cameras"),
        (b"\xe9", "rig.json:1: YZ203 is no UTF-8 text (byte 0xe9)\n  fix: describe the cameras"),
        ('{"cameras":\n [', "rig.json:2: YZ203 no JSON from column 3: expecting value\n  fix: correct the JSON"),
        (
            '{"cameras": [{"name": "a",\n"name": "b"}]}',
            "rig.json:2: cameras[0].name: YZ203 written twice, first on line 1\n  fix: keep one of the two",
        ),
        (
            '{"cameras":\n[{"name": "a\\nb"}]}',
            "rig.json:2: cameras[0].name: YZ203 the text holds a line break\n"
            "  fix: write it on one line, without that character",
        ),
        (
            '{"cameras": [{"name": "a"}],\n"by_place": {"[x": {"name": "a", "nea": 1}}}',
            "rig.json:2: by_place.'[x'.nea: YZ203 unknown key\n  fix: did you mean 'near'?",
        ),
        (
            '{"cameras": [{"name": "a"}],\n"version": 1.0}',
            "rig.json:2: version: YZ203 must be 1, got 1.0\n  fix: write 1",
        ),
    ],
)
def test_what_json_must_not_hold_is_told_by_line(refusal, text, said):
    assert refusal("rig.json", text) == said


def test_a_missing_file_says_what_to_do(tmp_path):
    path = tmp_path / "rig.yaml"
    with pytest.raises(InputError) as caught:
        read_strict(path, Rig, code="YZ840", fix="write one")
    assert str(caught.value) == f"{path}: YZ840 no such file\n  fix: write one"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("more", ["", " " * (1 << 20)])
def test_json_of_other_programs_is_read_and_explained(read, refusal, encoding, more):
    text = '{"cameras": [{"name": "löwe"}]' + more
    assert read("rig.json", (text + "}").encode(encoding)).cameras[0].name == "löwe"
    assert refusal("rig.json", (text + ',\n"a": 1}').encode(encoding)) == (
        "rig.json:2: a: YZ203 unknown key\n  fix: known here: version, cameras, by_place, digest, more"
    )
