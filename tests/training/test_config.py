"""The contract's sections as the numbers that the loop takes."""

import pytest
import torch
from torch import nn

from tests.training.test_learner import toy_batch
from tests.training.tiny import PREPROCESS, training_config
from yolozu.artifacts.checkpoint import Checkpoint
from yolozu.model import winograd
from yolozu.model.convolution import ConvNorm
from yolozu.training.config import build_learner
from yolozu.training.randomness import deterministic


def test_learning_rates_take_every_key_of_the_schedule():
    chosen = training_config(
        lr=0.1, scheduler="multistep", scheduler_milestones=(3,), scheduler_gamma=0.5, lr_warmup_steps=2,
        lr_warmup_init=0.05,
    )  # fmt: skip
    rates = chosen.learning_rates(5)
    assert [rates.at(step) for step in range(5)] == pytest.approx([0.05, 0.075, 0.1, 0.05, 0.05])
    assert training_config(lr=0.1, scheduler="cosine", min_lr=0.01).learning_rates(5).at(4) == 0.01


def test_the_timetable_takes_every_key_of_loop_and_length():
    table = training_config(batch_size=3, gradient_accumulation_steps=2, max_steps=9, epochs=4, val_every=2).timetable(
        7
    )
    assert (table.steps_per_epoch, table.total_steps, table.val_every, table.val_every_steps) == (2, 8, 2, 3)


class Wide(nn.Module):
    """A detector of one wide convolution."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Conv2d(3, 128, 1)
        self.conv = ConvNorm(128, 128, 3, activation="relu")
        self.head = nn.Linear(128, 1)

    def forward(self, images, targets=None, generator=None):  # noqa: ARG002 - the detector's signature
        maps = nn.functional.interpolate(self.backbone(images), size=(24, 24))
        return self.head(self.conv(maps).mean(dim=(2, 3)))


def wide_learner(**keys):
    def loss(output, targets, step):
        total = (output - targets.labels_BT.sum(dim=1, keepdim=True)).square().sum()
        return total, {"square": total.detach()}

    with torch.random.fork_rng():
        torch.manual_seed(0)
        detector = Wide()
    chosen = training_config(lr_warmup_steps=0, lr=0.01, optimizer="sgd", momentum=0.9, **keys)
    return build_learner(chosen, detector, loss, preprocess=PREPROCESS, total_steps=4)


WIDE_BATCH = toy_batch((255, [1, 2]), (51, [3, 0]))


def losses_of(learner, steps):
    with deterministic(True):
        return [learner.learn([WIDE_BATCH], step).losses["total"] for step in steps]


@pytest.mark.effect("winograd")
def test_winograd_is_for_steps_alone_and_gives_the_same_numbers(monkeypatch):
    seen = []
    monkeypatch.setattr(winograd, "_input_transform", spied(winograd._input_transform, seen))
    direct, other = wide_learner(), wide_learner(winograd=True)
    expected = losses_of(direct, range(4))
    assert not seen
    assert losses_of(other, range(4)) == pytest.approx(expected, rel=1e-4)
    assert len(seen) == 8  # forward and backward
    evaluated = [learner.detector.eval()(torch.rand(2, 3, 8, 8)) for learner in (direct, other)]
    assert len(seen) == 8
    assert evaluated[0].shape == evaluated[1].shape
    assert list(other.detector.state_dict()) == list(direct.detector.state_dict())


def spied(function, seen):
    def spy(*given):
        seen.append(given)
        return function(*given)

    return spy


def test_a_resumed_training_by_winograd_has_the_same_bits():
    whole, first, second = (wide_learner(winograd=True) for _ in range(3))
    losses = losses_of(whole, range(4))
    assert losses_of(first, range(2)) == losses[:2]
    weights, average = first.weights()
    second.load(Checkpoint({}, None, {}, weights, average, "model", "", 2, 0, {}, first.record()))
    assert losses_of(second, range(2, 4)) == losses[2:]
    assert all(torch.equal(tensor, whole.weights()[0][name]) for name, tensor in second.weights()[0].items())
