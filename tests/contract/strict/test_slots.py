from yolozu.contract.sections.run import Contract
from yolozu.contract.sections.scenario_setting import ScenarioSetting
from yolozu.contract.strict.slots import flat_values, keys, sections, slot_at, slot_below


def test_slots_say_what_may_stand_where():
    assert slot_at(("model", "backbone", "name")).is_choice
    assert slot_at(("run_id",)).is_text
    assert slot_at(("run_id",)).nullable
    assert slot_at(("image_size",)).accepts_list
    assert slot_at(("image_size",)).item is None
    assert slot_at(("scheduler_milestones", 3)).annotation is int
    assert slot_at(("require", "map50")).is_text


def test_slots_of_any_model_are_found_in_whichever_member_of_a_union_they_stand():
    assert slot_below(ScenarioSetting, ("scenarios", 2, "perturb", "severity", 0)).annotation is int
    assert slot_below(ScenarioSetting, ("scenarios", 2, "perturb", "kind")).default is ...
    assert slot_below(ScenarioSetting, ("scenarios", "perturb")) is None


def test_nothing_stands_below_a_value():
    assert slot_at(("lr", "x")) is None
    assert slot_at(("model", "x", "y")) is None
    assert slot_at(("nothing",)) is None


def test_keys_are_flat_and_values_follow():
    assert keys()["lr"].default == 1e-4
    assert flat_values(Contract())["lr"] == 1e-4
    assert list(flat_values(Contract())) == list(keys())
    assert sections()["optim"].__name__ == "OptimSection"
