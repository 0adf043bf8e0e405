"""Every key of the optimizer, the schedule and the average, by what it does to weights."""

import math

import pytest
import torch
from torch import nn

from tests.training.test_learner import toy_batch, toy_learner

START = 2.0
LR = 0.5
WEIGHTS, BIASES = ("backbone.0", "head.0"), ("backbone.1", "head.1")
NORM_WEIGHTS, NORM_BIASES = ("backbone.2", "head.2"), ("backbone.3", "head.3")


class FourKinds(nn.Module):
    """A weight, a bias, and both of a norm, in the backbone and behind it; says ``slope`` times the sum of them all."""

    def __init__(self, slope):
        super().__init__()
        self.slope = slope
        self.backbone, self.head = (nn.Sequential(nn.Linear(1, 1), nn.GroupNorm(1, 1)) for _ in range(2))
        self.bottom = nn.Linear(1, 1, bias=False)
        for parameter in self.parameters():
            nn.init.constant_(parameter, START)

    def forward(self, images, targets, generator):  # noqa: ARG002 - the detector's signature
        self.dtype = self.bottom(images.mean(dim=(1, 2, 3))[:, None]).dtype
        return self.slope * sum(
            parameter.sum() for part in (self.backbone, self.head) for parameter in part.parameters()
        )


def summed(output, targets, step):
    return output, {"sum": output.detach()}


def learner_of(slope=1.0, **keys):
    return toy_learner(summed, FourKinds(slope), **{"lr": LR, "use_ema": False, "ema_eval": False, **keys})


def positions(network):
    """``backbone.0`` to ``head.3`` -> value: weight, bias, norm's weight, norm's bias."""
    return {
        f"{part}.{number}": parameter.item()
        for part in ("backbone", "head")
        for number, parameter in enumerate(getattr(network, part).parameters())
    }


def moved(steps=1, slope=1.0, **keys):
    """How far down each parameter has gone; the gradient of every one is ``slope``."""
    learner = learner_of(slope, **keys)
    for step in range(steps):
        learner.learn([toy_batch((255, [1]))], step)
    return {name: START - value for name, value in positions(learner.detector).items()}


def expected(**by_kind):
    """``weights``, ``biases``, ``norm_weights``, ``norm_biases``: a number for both parts, or one each."""
    kinds = {"weights": WEIGHTS, "biases": BIASES, "norm_weights": NORM_WEIGHTS, "norm_biases": NORM_BIASES}
    pairs = {kind: value if isinstance(value, tuple) else (value, value) for kind, value in by_kind.items()}
    return pytest.approx(
        {name: pairs[kind][at] for kind, names in kinds.items() for at, name in enumerate(names)}, abs=1e-6
    )


@pytest.mark.effect("lr", "weight_decay")
def test_adamw_moves_by_lr_and_decays_weights_by_lr_times_weight_decay():
    decayed = LR + LR * 0.1 * START
    assert moved(optimizer="adamw", weight_decay=0.1) == expected(
        weights=decayed, biases=LR, norm_weights=LR, norm_biases=LR
    )


@pytest.mark.effect("optimizer", "lr", "weight_decay")
def test_sgd_moves_by_lr_times_the_gradient_and_the_decay():
    plain, decayed = LR * 3.0, LR * (3.0 + 0.1 * START)
    assert moved(slope=3.0, optimizer="sgd", weight_decay=0.1) == expected(
        weights=decayed, biases=plain, norm_weights=plain, norm_biases=plain
    )


@pytest.mark.effect("wd_exclude_bias")
def test_biases_decay_when_they_are_not_excluded():
    """Those of a norm are still excluded as parameters of a norm."""
    found = moved(optimizer="adamw", weight_decay=0.1, wd_exclude_bias=False)
    decayed = LR + LR * 0.1 * START
    assert found == expected(weights=decayed, biases=decayed, norm_weights=LR, norm_biases=LR)


@pytest.mark.effect("wd_exclude_norm")
def test_norms_decay_when_they_are_not_excluded():
    """Their biases are still excluded as biases."""
    found = moved(optimizer="adamw", weight_decay=0.1, wd_exclude_norm=False)
    decayed = LR + LR * 0.1 * START
    assert found == expected(weights=decayed, biases=LR, norm_weights=decayed, norm_biases=LR)


@pytest.mark.effect("momentum")
def test_momentum_adds_a_share_of_the_step_before():
    assert moved(steps=2, momentum=0.5)["head.0"] == pytest.approx(LR * (1 + 1.5))


@pytest.mark.effect("nesterov")
def test_nesterov_looks_ahead_in_the_first_step_already():
    assert moved(momentum=0.5, nesterov=True)["head.0"] == pytest.approx(LR * 1.5)
    assert moved(momentum=0.5)["head.0"] == pytest.approx(LR)


@pytest.mark.effect("use_param_groups", "backbone_lr_mult", "head_lr_mult", "backbone_wd_mult", "head_wd_mult")
def test_backbone_and_head_have_their_own_factors():
    found = moved(
        weight_decay=0.1, use_param_groups=True, backbone_lr_mult=0.5, head_lr_mult=2.0, backbone_wd_mult=3.0,
        head_wd_mult=5.0,
    )  # fmt: skip
    plain = (0.5 * LR, 2.0 * LR)
    decayed = (0.5 * LR * (1 + 0.3 * START), 2.0 * LR * (1 + 0.5 * START))
    assert found == expected(weights=decayed, biases=plain, norm_weights=plain, norm_biases=plain)


@pytest.mark.effect("clip_grad_norm")
def test_clipping_shortens_the_step_to_the_norm_asked_for():
    learner = learner_of(slope=3.0, clip_grad_norm=0.5)
    report = learner.learn([toy_batch((255, [1]))], 0)
    assert report.grad_norm == pytest.approx(3.0 * math.sqrt(8))
    steps = [START - value for value in positions(learner.detector).values()]
    assert math.hypot(*steps) == pytest.approx(LR * 0.5, rel=1e-4)


def cosine(step, first, last, low):
    return low + (LR - low) * (1 + math.cos(math.pi * (step - first) / (last - first))) / 2


WARM = {"lr_warmup_steps": 4, "lr_warmup_init": 0.1}
RATES = {
    "constant": ({}, [LR] * 10),
    "warm-up": (WARM, [0.1, 0.2, 0.3, 0.4, *[LR] * 6]),
    "cosine": ({"scheduler": "cosine", "min_lr": 0.05}, [cosine(step, 0, 9, 0.05) for step in range(10)]),
    "cosine after warm-up": (
        {"scheduler": "cosine", "min_lr": 0.05, **WARM},
        [0.1, 0.2, 0.3, 0.4, *[cosine(step, 4, 9, 0.05) for step in range(4, 10)]],
    ),
    "onecycle": (
        {"scheduler": "onecycle"},
        [LR / 25 + (LR - LR / 25) * (1 - math.cos(math.pi * step / 2)) / 2 for step in range(3)]
        + [LR / 25e4 + (LR - LR / 25e4) * (1 + math.cos(math.pi * (step - 2) / 7)) / 2 for step in range(3, 10)],
    ),
    "multistep": (
        {"scheduler": "multistep", "scheduler_milestones": (3, 7), "scheduler_gamma": 0.5},
        [LR] * 3 + [LR / 2] * 4 + [LR / 4] * 3,
    ),
}


@pytest.mark.effect(
    "lr", "scheduler", "min_lr", "scheduler_milestones", "scheduler_gamma", "lr_warmup_steps", "lr_warmup_init"
)
@pytest.mark.parametrize(("keys", "rates"), RATES.values(), ids=RATES)
def test_every_step_is_as_long_as_the_closed_formula_says(keys, rates):
    learner = learner_of(**{"lr_warmup_steps": 0, **keys})
    taken, reported, before = [], [], START
    for step in range(10):
        reported.append(learner.learn([toy_batch((255, [1]))], step).lr["all"])
        taken.append(before - positions(learner.detector)["head.0"])
        before -= taken[-1]
    assert reported == pytest.approx(rates, rel=1e-12)
    assert taken == pytest.approx(rates, abs=1e-6)


@pytest.mark.effect("amp")
@pytest.mark.parametrize(("amp", "dtype"), [("none", torch.float32), ("bf16", torch.bfloat16)])
def test_the_forward_pass_runs_in_the_precision_asked_for_and_weights_stay_single(amp, dtype):
    learner = learner_of(amp=amp)
    learner.learn([toy_batch((255, [1]))], 0)
    assert learner.detector.dtype == dtype
    assert {parameter.dtype for parameter in learner.detector.parameters()} == {torch.float32}


@pytest.mark.effect("use_ema", "ema_decay")
def test_the_average_follows_by_its_decay():
    learner = learner_of(use_ema=True, ema_decay=0.05)  # below the 1/10 with which averages start
    learner.learn([toy_batch((255, [1]))], 0)
    assert positions(learner.average.detector)["head.0"] == pytest.approx(0.05 * START + 0.95 * (START - LR))
    assert learner_of(use_ema=False).average is None


@pytest.mark.effect("ema_eval")
@pytest.mark.parametrize("ema_eval", [True, False])
def test_the_average_is_validated_and_exported_only_when_asked_for(ema_eval):
    learner = learner_of(use_ema=True, ema_eval=ema_eval)
    assert learner.evaluated() is (learner.average.detector if ema_eval else learner.detector)
    assert learner.eval_weights == ("ema" if ema_eval else "model")
