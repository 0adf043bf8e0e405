"""Presets fill in what was not given, and nothing else."""

import pytest

from yolozu.contract.sections.predict import TttSection
from yolozu.contract.sections.ttt_presets import PRESETS, Limits, filter_of, limits_of, method_of, preset_of

WORDS = {
    "safe": ("tent", "norm_only", Limits(1.0, 1.0, 1.0, loss_ratio=3.0)),
    "adapter_only": ("tent", "adapter_only", Limits(5.0, 5.0, 5.0, loss_ratio=3.0)),
    "mim_safe": ("mim", "adapter_only", Limits(5.0, 5.0, 5.0, loss_ratio=3.0)),
    None: ("tent", None, Limits()),
}


def section(preset, **keys):
    return TttSection(ttt_preset=preset, **{f"ttt_{name}": value for name, value in keys.items()})


def test_the_contract_offers_them_all():
    assert {*PRESETS} == {*WORDS} - {None}
    for preset in PRESETS:
        assert section(preset).ttt_preset == preset


@pytest.mark.parametrize("preset", WORDS)
def test_a_word_stands_for_method_filter_and_limits(preset):
    found = section(preset)
    assert (method_of(found), filter_of(found), limits_of(found)) == WORDS[preset]
    assert (preset_of(found).method, preset_of(found).update_filter, preset_of(found).limits) == WORDS[preset]


@pytest.mark.parametrize("preset", WORDS)
@pytest.mark.parametrize("method", ["tent", "mim"])
def test_a_method_that_is_given_goes_before_the_preset(preset, method):
    found = section(preset, method=method)
    assert (method_of(found), filter_of(found), limits_of(found)) == (method, *WORDS[preset][1:])


@pytest.mark.parametrize("preset", WORDS)
@pytest.mark.parametrize("update_filter", ["all", "norm_only", "adapter_only"])
def test_a_filter_that_is_given_goes_before_the_preset(preset, update_filter):
    found = section(preset, update_filter=update_filter)
    assert (method_of(found), filter_of(found), limits_of(found)) == (WORDS[preset][0], update_filter, WORDS[preset][2])


@pytest.mark.parametrize("preset", WORDS)
@pytest.mark.parametrize("name", vars(Limits()))
def test_each_limit_that_is_given_goes_before_the_preset_and_leaves_the_others(preset, name):
    expected = {**vars(WORDS[preset][2]), name: 7.5}
    assert vars(limits_of(section(preset, **{f"max_{name}": 7.5}))) == expected
