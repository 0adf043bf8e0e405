from yolozu.contract.overrides import Override
from yolozu.contract.strict.sweep_run import SweepRun


def test_its_values_are_its_own_keys_as_the_contract_spells_them():
    run = SweepRun("s", (Override("epochs", 3, ""),), (Override("num_queries", 7, ""),))
    assert run.values == {"model.num_queries": 7}
