import pytest

from yolozu.contract.overrides import parse_assignments
from yolozu.engine.remembered import Remembered, shown
from yolozu.errors import InputError, UsageError
from yolozu.paths import RunLayout


@pytest.fixture
def layout(tmp_path):
    return RunLayout(tmp_path / "exp01")


def remember(layout, *words, config="exp.yaml"):
    remembered = Remembered.read(layout).with_given(config, parse_assignments(words))
    layout.plan_dir.mkdir(parents=True, exist_ok=True)
    layout.overrides_path.write_text(remembered.text())
    return remembered


def test_a_new_run_remembers_nothing(layout):
    assert Remembered.read(layout) == Remembered(None, {})


def test_what_was_given_is_remembered_and_said(layout):
    remember(layout, "lr=0.001", "epochs=3")
    later = parse_assignments(["epochs=4"])
    remembered = Remembered.read(layout).with_given(None, later)
    assert remembered.headline("exp01", later) == "exp01: exp.yaml + epochs=4 + lr=0.001 (remembered)"
    assert [(override.key, override.value, override.origin) for override in remembered.as_overrides(later)] == [
        ("lr", 0.001, "lr=0.001 (remembered)"),
        ("epochs", 4, "epochs=4"),
    ]


def test_another_spelling_of_a_key_replaces_it(layout):
    remember(layout, "amp=bf16")
    remember(layout, "use_amp=false")
    assert Remembered.read(layout).overrides == {"use_amp": False}


def test_an_override_can_be_forgotten(layout):
    remember(layout, "lr=0.001", "epochs=3")
    assert Remembered.read(layout).forget(["lr"]).overrides == {"epochs": 3}
    assert Remembered.read(layout).forget(["all"]) == Remembered("exp.yaml")


def test_forgetting_what_is_not_remembered_is_an_error(layout):
    remember(layout, "lr=0.001")
    with pytest.raises(UsageError) as caught:
        Remembered.read(layout).forget(["epochs"])
    assert str(caught.value) == "forget=epochs: YZ310 epochs: not remembered\n  fix: remembered are: lr"


BAD = '{"config": "a", "overrides": {}, "strict": "yes"}'


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"config": 1}', '{"config": null, "overrides": []}', BAD])
def test_a_broken_file_is_one_message(layout, text):
    layout.plan_dir.mkdir(parents=True)
    layout.overrides_path.write_text(text)
    with pytest.raises(InputError, match="YZ309"):
        Remembered.read(layout)


@pytest.mark.parametrize(
    ("value", "text"), [(None, "null"), (True, "true"), (False, "false"), (0, "0"), ([1, 2], "1,2"), ("a", "a")]
)
def test_a_value_is_shown_as_it_is_typed(value, text):
    assert shown(value) == text
