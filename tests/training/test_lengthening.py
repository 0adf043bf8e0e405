import pytest

from yolozu.training.lengthening import lengthened


def spec(max_steps=None, epochs=None, *, scheduler="none", extend=False):
    return {
        "length": {"max_steps": max_steps, "epochs": epochs, "extend": extend},
        "schedule": {"scheduler": scheduler},
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (spec(100), ("max_steps=200",)),
        (spec(100, 3), ("max_steps=200", "epochs=6")),
        (spec(epochs=3, scheduler="cosine"), ("epochs=6", "extend=true")),
        (spec(100, scheduler="onecycle", extend=True), ("max_steps=200",)),
    ],
)
def test_every_limit_is_raised_and_a_bent_schedule_is_allowed_for(given, words):
    assert lengthened(given, factor=2) == words


def test_more_patience_goes_on_where_patience_ended_it():
    stopped = spec(100) | {"loop": {"early_stop_patience": 3}}
    assert lengthened(stopped, factor=2, stopped_early=True) == ("early_stop_patience=6",)
