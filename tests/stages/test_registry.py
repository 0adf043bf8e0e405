import pytest

from yolozu.contract.sections.run import Contract
from yolozu.stages.base import Stage, links
from yolozu.stages.registry import GROUPS, STAGES


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_is_declared_as_it_is_named(name):
    stage = STAGES.load(name)
    assert isinstance(stage, Stage)
    assert (stage.name, stage.version >= 1, bool(stage.title)) == (name, True, True)


@pytest.mark.parametrize("name", STAGES)
def test_a_spec_is_a_slice_of_the_contract_without_operational_keys(name):
    spec = STAGES.load(name).spec
    assert set(spec.model_fields) <= set(Contract.model_fields) - {"operations", "run"}
    sliced = spec.slice_of(Contract())
    assert {key: getattr(sliced, key) for key in spec.model_fields} == {
        key: getattr(Contract(), key) for key in spec.model_fields
    }


@pytest.mark.parametrize("name", STAGES)
def test_outputs_stay_below_the_run_directory(name):
    for link in links(STAGES.load(name).outputs).values():
        if link.kind == "gives_at":  # the contract checks what it holds
            assert link.target.split(".")[0] in STAGES.load(name).spec.model_fields
            continue
        assert link.kind == "gives"
        assert not link.target.startswith("/")
        assert ".." not in link.target.split("/")


def test_short_names_mean_stages_and_hide_none():
    assert set(GROUPS.values()) <= set(STAGES)
    assert not set(GROUPS) & set(STAGES)
