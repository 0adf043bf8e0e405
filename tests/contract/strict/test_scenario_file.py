import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolozu.contract.sections.scenario_setting import STANDARD_SCENARIOS, ScenarioSetting
from yolozu.contract.strict.scenario_file import load_setting
from yolozu.errors import ContractError


@pytest.fixture
def refusal(tmp_path, monkeypatch):
    def load(text, **flags):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "t.yaml").write_text(text)
        with pytest.raises(ContractError) as caught:
            load_setting(type(tmp_path)("t.yaml"), flags)
        return str(caught.value)

    return load


def test_without_a_file_it_is_the_standard_suite():
    loaded = load_setting(None)
    assert loaded.setting == ScenarioSetting()
    assert loaded.setting.scenarios == STANDARD_SCENARIOS
    assert (loaded.in_file, loaded.given) == (frozenset(), frozenset())


def test_flags_win_over_the_file(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text("max_images: 9\nadapter: dummy\nintrinsics: [600, 500.5, 320, 240]\n")
    loaded = load_setting(path, {"max_images": 50, "seed": 3})
    assert (loaded.setting.max_images, loaded.setting.adapter, loaded.setting.seed) == (50, "dummy", 3)
    assert loaded.setting.intrinsics == (600.0, 500.5, 320.0, 240.0)
    assert loaded.in_file == {"max_images", "adapter", "intrinsics"}
    assert loaded.given == {"max_images", "seed"}


def test_json_means_the_same_as_yaml(tmp_path):
    value = {"seed": 1, "scenarios": [{"name": "far", "perturb": {"kind": "scale", "severity": [1, 2]}}]}
    (tmp_path / "t.json").write_text(json.dumps(value))
    (tmp_path / "t.yaml").write_text("seed: 1\nscenarios:\n- {name: far, perturb: {kind: scale, severity: [1, 2]}}\n")
    assert load_setting(tmp_path / "t.json").setting == load_setting(tmp_path / "t.yaml").setting


def test_everything_wrong_is_said_at_once_by_line(refusal):
    text = """datset: x
max_images: 0
max_images: 3
scenarios:
  - {name: a, slice: {area: smal}}
  - {name: a, slice: {}}
  - {name: b, perturb: {kind: nois, severity: 9}}
  - {nme: c, slice: {truncated: 1}}
  - {name: d, perturb: {kind: fog, severity: [1, 7], sevrity: 2}}
  - {name: e, slice: {truncated: true}, perturb: {kind: fog}}
  - {name: f}
  - 7
"""
    assert refusal(text, score_threshold=2.0) == (
        "t.yaml:1: datset: YZ102 unknown key\n"
        "  fix: did you mean 'dataset'?\n"
        "t.yaml:2: max_images: YZ104 must be a whole number of at least 1, or null, got 0\n"
        "  fix: correct it, or drop max_images for its default, null\n"
        "t.yaml:3: max_images: YZ108 written twice, first on line 2\n"
        "  fix: keep one of the two\n"
        "t.yaml:5: scenarios[0].slice.area: YZ104 must be small, medium or large, or null, got smal\n"
        "  fix: did you mean 'small'?\n"
        "t.yaml:6: scenarios[1].name: YZ105 a is the name of another scenario, on line 5\n"
        "  fix: give each its own name\n"
        "t.yaml:6: scenarios[1].slice: YZ109 a slice without a condition is everything\n"
        "  fix: give one of area, min_objects, truncated, symmetric, classes\n"
        "t.yaml:7: scenarios[2].perturb.kind: YZ104 must be noise, blur, jpeg, gaussian_noise, shot_noise, "
        "impulse_noise, defocus_blur, glass_blur, motion_blur, zoom_blur, snow, frost, fog, brightness, contrast, "
        "elastic_transform, pixelate, jpeg_compression, scale or intrinsics, got nois\n"
        "  fix: did you mean 'noise'?\n"
        "t.yaml:7: scenarios[2].perturb.severity: YZ104 must be a whole number from 1 to 5, a list whose elements are "
        "a whole number from 1 to 5, or null, got 9\n"
        "  fix: correct it, or drop scenarios[2].perturb.severity for its default, null\n"
        "t.yaml:8: scenarios[3].nme: YZ102 unknown key\n"
        "  fix: did you mean 'name'?\n"
        "t.yaml:8: scenarios[3]: YZ109 has no name\n"
        "  fix: add it: a text that is not empty\n"
        "t.yaml:8: scenarios[3].slice.truncated: YZ103 must be true or false, or null, got 1\n"
        "  fix: correct it, or drop scenarios[3].slice.truncated for its default, null\n"
        "t.yaml:9: scenarios[4].perturb.sevrity: YZ102 unknown key\n"
        "  fix: did you mean 'severity'?\n"
        "t.yaml:9: scenarios[4].perturb.severity: YZ104 must be a whole number from 1 to 5, a list whose elements are "
        "a whole number from 1 to 5, or null, got [1, 7]\n"
        "  fix: correct it, or drop scenarios[4].perturb.severity for its default, null\n"
        "t.yaml:10: scenarios[5].name: YZ105 has both slice and perturb\n"
        "  fix: give one of them; objects of a perturbed picture are measured all together\n"
        "t.yaml:11: scenarios[6].name: YZ109 has neither slice nor perturb\n"
        "  fix: give one of them; objects of a perturbed picture are measured all together\n"
        "t.yaml:12: scenarios[7]: YZ103 must be a map, got 7\n"
        "  fix: correct or remove it\n"
        "--score-threshold: YZ104 must be a number from 0 to 1, got 2.0\n"
        "  fix: correct it, or drop score_threshold for its default, 0.3"
    )


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("kind: intrinsics", "kind: YZ109 intrinsics without an error is the camera as it is"),
        ("kind: intrinsics, dfx: 0.1, severity: 2", "severity: YZ105 intrinsics has no severity"),
        ("kind: fog, dcx: 3", "dcx: YZ105 fog does not touch the camera"),
        ("kind: intrinsics, dfx: -1", "dfx: YZ104 must be a number above -1, got -1"),
        ("kind: fog, severity: 2.5", "severity: YZ103 must be a whole number from 1 to 5, a list whose elements are "),
        ("kind: fog, severity: []", "severity: YZ104 must be a whole number from 1 to 5, a list whose elements are "),
        ("kind: !!str fog", "kind: YZ107 the tag !!str is refused"),
    ],
)
def test_amounts_fit_the_kind(refusal, keys, said):
    lines = refusal(f"scenarios:\n- {{name: a, perturb: {{{keys}}}}}\n").splitlines()
    assert lines[0].startswith(f"t.yaml:2: scenarios[0].perturb.{said}")
    assert len(lines) == 2


@pytest.mark.parametrize("text", ["scenarios: []", "scenarios: small", "scenarios: {small: 1}"])
def test_scenarios_are_a_list_with_something_in_it(refusal, text):
    assert "t.yaml:1: scenarios" in refusal(f"{text}\n")


WORDS = st.sampled_from(["name", "slice", "perturb", "kind", "severity", "area", "classes", "fog", "scenarios"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.slow
@settings(deadline=None)
@given(VALUES)
def test_whatever_a_file_holds_it_is_a_setting_or_refused(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps({"scenarios": value}))
    with contextlib.suppress(ContractError):
        load_setting(path)
