"""How specs of older releases read today."""

from typing import Annotated

from yolozu.contract.base import Location, Neutral, Section
from yolozu.contract.sections.run import Contract
from yolozu.contract.spec_history import comparable, telling
from yolozu.stages.train import TrainSpec


class Weights(Section):
    vfl: float = 1.0
    """There from the beginning."""

    diou: float = 0.0
    """Came later; its default changes nothing."""


class Losses(Section):
    loss_weights: Weights = Weights()
    """A map."""

    sizes: tuple[int, ...] = (1, 2)
    """Came later."""

    reduction: Annotated[str, Neutral("sum")] = "mean"
    """Came later, with a better default than the old behavior."""

    limit: Annotated[int | None, Neutral(None)] = 3
    """Came later; there was no limit."""

    file: Annotated[str | None, Location()] = None
    """Where something lies."""


class Spec(Section):
    losses: Losses
    """The section that a stage reads."""


def test_a_key_that_was_not_there_has_its_neutral_value():
    assert comparable(Spec, {"losses": {"loss_weights": {"vfl": 2.0}}}) == {
        "losses": {
            "loss_weights": {"vfl": 2.0, "diou": 0.0},
            "sizes": [1, 2],
            "reduction": "sum",
            "limit": None,
        }
    }


def test_a_section_that_was_not_there_is_neutral_as_a_whole():
    assert comparable(Spec, {})["losses"]["loss_weights"] == {"vfl": 1.0, "diou": 0.0}


def test_what_there_is_stays_and_locations_go():
    losses = {"loss_weights": {"vfl": 1.0, "diou": 0.5}, "sizes": [7], "reduction": "mean", "limit": 3}
    assert comparable(Spec, {"losses": {**losses, "file": "a.txt"}}) == {"losses": losses}


def test_a_key_that_is_gone_stays_visible():
    assert comparable(Spec, {"losses": {"gone": 1}})["losses"]["gone"] == 1


def test_a_spec_of_today_is_complete_but_for_locations():
    spec = TrainSpec.slice_of(Contract()).model_dump(mode="json")
    located = {
        "device": ("device",),
        "init": ("init_from",),
        "augment": ("paste_backgrounds",),
        "distillation": ("self_distill_from",),
        "continual": ("continual_from",),
    }
    expected = {
        name: {key: value for key, value in section.items() if key not in located.get(name, ())}
        for name, section in spec.items()
    }
    assert comparable(TrainSpec, spec) == expected


def test_what_a_spec_tells_is_the_same_whichever_neutral_keys_it_spells():
    spelled = {"loss_weights": {"vfl": 2.0, "diou": 0.0}, "sizes": [1, 2], "reduction": "sum", "file": "a.txt"}
    told = {"losses": {"loss_weights": {"vfl": 2.0}}}
    assert telling(Spec, {"losses": spelled}) == told
    assert telling(Spec, {"losses": {"loss_weights": {"vfl": 2.0}}}) == told
