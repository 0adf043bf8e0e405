import pytest

from yolozu.contract.docs.docstrings import docstrings_of
from yolozu.contract.sections.scenario_setting import (
    KINDS,
    OF_THE_RUN,
    SHORT_KINDS,
    STANDARD_SCENARIOS,
    PerturbConfig,
    Scenario,
    ScenarioSetting,
    SliceConfig,
)
from yolozu.data.corruption.registry import CORRUPTIONS


def test_every_key_says_what_it_does():
    for section in (ScenarioSetting, Scenario, SliceConfig, PerturbConfig):
        assert set(docstrings_of(section)) == set(section.model_fields)


def test_every_corruption_and_its_short_name_are_kinds():
    assert set(CORRUPTIONS) < set(KINDS)
    assert set(SHORT_KINDS.values()) <= set(CORRUPTIONS)
    assert len(KINDS) == len(set(KINDS))


def test_the_standard_suite_has_each_part_once():
    names = [scenario.name for scenario in STANDARD_SCENARIOS]
    assert names == [
        "small", "medium", "large", "crowded", "truncated", "symmetric", "asymmetric",
        "noise", "blur", "brightness", "jpeg", "fog", "scale", "intrinsics",
    ]  # fmt: skip
    assert ScenarioSetting().scenarios == STANDARD_SCENARIOS


@pytest.mark.parametrize(
    ("keys", "severities"),
    [
        ({"kind": "fog"}, (3,)),
        ({"kind": "fog", "severity": 5}, (5,)),
        ({"kind": "scale", "severity": (1, 4)}, (1, 4)),
        ({"kind": "intrinsics", "dcy": -3.0}, (None,)),
    ],
)
def test_a_perturbation_is_a_scenario_for_each_severity(keys, severities):
    assert PerturbConfig(**keys).severities == severities


def test_what_a_run_says_itself_are_keys_of_a_setting():
    assert set(OF_THE_RUN) < set(ScenarioSetting.model_fields)
