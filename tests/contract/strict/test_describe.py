import pytest

from yolozu.contract.strict.describe import allowed, shown
from yolozu.contract.strict.slots import keys, slot_at


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("use_ema", "true or false"),
        ("seed", "a whole number of at least 0"),
        ("batch_size", "a whole number of at least 1"),
        ("max_steps", "a whole number of at least 1, or null"),
        ("letterbox_fill", "a whole number from 0 to 255"),
        ("scheduler_gamma", "a number above 0 and at most 1"),
        ("momentum", "a number of at least 0 and below 1"),
        ("parity_score_atol", "a number above 0"),
        ("task_aligner", "none or uncertainty"),
        ("ddp", "true or false"),
        ("split", "a text that is not empty"),
        ("model", "a map"),
        ("require", "a map whose values are a comparison with a number, such as '>= 0.3'"),
        ("scheduler_milestones", "a list whose elements are a whole number of at least 1"),
        ("model.projector.d_model", "a whole number from 32 to 1024, a multiple of 32"),
    ],
)
def test_what_a_key_takes(key, words):
    assert allowed(slot_at(tuple(key.split(".")))) == words


def test_every_key_has_words():
    assert all(allowed(slot) for slot in keys().values())


def test_long_values_are_cut():
    assert shown("x" * 100) == "x" * 39 + "…"
