"""Every way to train resumes exactly, wherever it is killed: accumulation, average, schedules, workers, precision."""

import random
import sys
from pathlib import Path

import pytest

import yolozu
from tests.training.test_self_distillation import Taught
from tests.training.tiny import ADAPTERS, outcome, training_config

pytestmark = pytest.mark.slow

STEPS = 5
KILLS = 2
PACKAGE = Path(yolozu.__file__).parent
WATCHED = tuple(str(PACKAGE / part) for part in ("training", "optim", "artifacts", "continual"))

ADAMW = {"optimizer": "adamw"}
MOMENTUM = {"optimizer": "sgd", "momentum": 0.9}
NESTEROV = {**MOMENTUM, "nesterov": True, "use_param_groups": True, "backbone_lr_mult": 0.1}
AVERAGE, NO_AVERAGE = {"use_ema": True, "ema_eval": True}, {"use_ema": False, "ema_eval": False}
MULTISTEP = {"scheduler": "multistep", "scheduler_milestones": (2, 4)}

# An epoch has 6 batches: accumulation of 2 makes 3 steps of it, of 4 only 2 with a short last window, and no training
# here ends with an epoch.
RECIPES = {
    "none, accumulation, average, workers": {**ADAMW, **AVERAGE, "scheduler": "none", "accumulation": 2, "workers": 2},
    "none, sgd, bf16": {**MOMENTUM, **NO_AVERAGE, "scheduler": "none", "accumulation": 1, "amp": "bf16"},
    "cosine, accumulation, average, bf16, workers": {
        **ADAMW, **AVERAGE, "scheduler": "cosine", "accumulation": 4, "amp": "bf16", "workers": 2,
    },
    "cosine, nesterov": {**NESTEROV, **NO_AVERAGE, "scheduler": "cosine", "accumulation": 1},
    "onecycle, average": {**ADAMW, **AVERAGE, "scheduler": "onecycle", "accumulation": 1},
    "onecycle, sgd, accumulation, workers": {
        **MOMENTUM, **NO_AVERAGE, "scheduler": "onecycle", "accumulation": 2, "workers": 2,
    },
    "multistep, sgd, average, bf16": {**MOMENTUM, **AVERAGE, **MULTISTEP, "accumulation": 1, "amp": "bf16"},
    "multistep, accumulation": {**ADAMW, **NO_AVERAGE, **MULTISTEP, "accumulation": 2},
}  # fmt: skip
PHASES = {"stage_off_steps": 1, "stage_k_steps": 2}
POSED_RECIPES = {
    "poses, phases, accumulation, average, workers": {
        **ADAMW, **AVERAGE, **PHASES, "scheduler": "cosine", "accumulation": 2, "workers": 2,
    },
    "poses, phases, nesterov, bf16": {
        **NESTEROV, **AVERAGE, **PHASES, "scheduler": "none", "accumulation": 1, "amp": "bf16",
    },
    "poses, no phases": {**ADAMW, **NO_AVERAGE, "scheduler": "onecycle", "accumulation": 1},
}  # fmt: skip
"""With symmetries, expected errors, jitter of intrinsics, and costs of poses that start one after another."""

PAINTING_RECIPES = {
    "painting, accumulation, average, bf16": {
        **ADAMW, **AVERAGE, "scheduler": "cosine", "accumulation": 2, "amp": "bf16",
    },
}  # fmt: skip

REPLAYING_RECIPES = {
    "replay, stored outputs, accumulation, average, workers": {
        **ADAMW, **AVERAGE, "scheduler": "cosine", "accumulation": 2, "workers": 2,
    },
    "replay, stored outputs, sgd, bf16": {
        **MOMENTUM, **NO_AVERAGE, "scheduler": "none", "accumulation": 1, "amp": "bf16",
    },
}  # fmt: skip


ADAPTING_RECIPES = {
    "adapters, accumulation, average, bf16": {
        **ADAMW, **AVERAGE, **ADAPTERS, "scheduler": "cosine", "accumulation": 2, "amp": "bf16",
    },
    "adapters and base, sgd": {
        **MOMENTUM, **NO_AVERAGE, **ADAPTERS, "lora_freeze_base": False, "scheduler": "none", "accumulation": 1,
    },
}  # fmt: skip
"""With dropout of the adapters' inputs."""


TAUGHT_RECIPES = {
    "taught, pseudo-labels, accumulation, average, bf16": {
        **ADAMW, **AVERAGE, "scheduler": "cosine", "accumulation": 2, "amp": "bf16", "pseudo_labels": "train",
    },
    "taught, spared, sgd": {
        **MOMENTUM, **NO_AVERAGE, "scheduler": "none", "accumulation": 1, "pseudo_labels": "mask",
    },
}  # fmt: skip


class Killed(BaseException):
    """As if the process had ended there."""


class Lines:
    """Counts the lines of training, optimizers and file formats that are run, and raises at one of them."""

    def __init__(self, kill_at=None):
        self.count, self.kill_at = 0, kill_at

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self._enter)
        return self

    def __exit__(self, *_):
        sys.settrace(self.before)

    def _enter(self, frame, event, argument):  # noqa: ARG002 - the interpreter's call
        return self._line if frame.f_code.co_filename.startswith(WATCHED) else None

    def _line(self, frame, event, argument):  # noqa: ARG002 - the interpreter's call
        if event == "line":
            self.count += 1
            if self.count == self.kill_at:
                raise Killed
        return self._line


def recipe_of(options):
    keys = dict(options)
    if keys["scheduler"] == "onecycle":
        keys["lr_warmup_steps"] = 0
    accumulation, workers = keys.pop("accumulation"), keys.pop("workers", 0)
    return training_config(max_steps=STEPS, gradient_accumulation_steps=accumulation, num_workers=workers, **keys)


@pytest.mark.parametrize("name", RECIPES)
def test_killed_at_any_line_again_and_again_changes_no_bit(tiny, tmp_path, name):
    killed_and_undisturbed_agree(tiny, recipe_of(RECIPES[name]), tmp_path, name)


@pytest.mark.parametrize("name", POSED_RECIPES)
def test_killed_while_poses_are_learned_in_any_phase_changes_no_bit(tiny_poses, tmp_path, name):
    killed_and_undisturbed_agree(tiny_poses, recipe_of(POSED_RECIPES[name]), tmp_path, name)


@pytest.mark.parametrize("name", PAINTING_RECIPES)
def test_killed_while_hidden_patches_are_painted_changes_no_bit(tiny_painting, tmp_path, name):
    killed_and_undisturbed_agree(tiny_painting, recipe_of(PAINTING_RECIPES[name]), tmp_path, name)


@pytest.mark.parametrize("name", ADAPTING_RECIPES)
def test_killed_while_adapters_learn_changes_no_bit(tiny_adapting, tmp_path, name):
    killed_and_undisturbed_agree(tiny_adapting, recipe_of(ADAPTING_RECIPES[name]), tmp_path, name)


@pytest.mark.parametrize("name", REPLAYING_RECIPES)
def test_killed_while_images_are_replayed_and_held_to_stored_outputs_changes_no_bit(tiny_replaying, tmp_path, name):
    killed_and_undisturbed_agree(tiny_replaying, recipe_of(REPLAYING_RECIPES[name]), tmp_path, name)
    rows = outcome(tmp_path / "killed")["train.jsonl"]
    assert any(row["losses"]["derpp"] > 0.0 for row in rows)


@pytest.mark.parametrize("name", TAUGHT_RECIPES)
def test_killed_while_a_teacher_looks_changes_no_bit(tiny, tmp_path, name):
    options = dict(TAUGHT_RECIPES[name])
    taught = Taught(tiny.train, tiny.val, pseudo_labels=options.pop("pseudo_labels"))
    killed_and_undisturbed_agree(taught, recipe_of(options), tmp_path, name)
    rows = outcome(tmp_path / "killed")["train.jsonl"]
    assert all(row["losses"]["self_distill"] > 0.0 for row in rows)


def killed_and_undisturbed_agree(tiny, chosen, directory, name):
    with Lines() as undisturbed:
        tiny.fit(directory / "undisturbed", chosen)
    chance, kills = random.Random(name), 0
    for _ in range(KILLS):
        try:
            with Lines(kill_at=chance.randrange(1, undisturbed.count)):
                tiny.fit(directory / "killed", chosen)
        except Killed:
            kills += 1
    tiny.fit(directory / "killed", chosen)
    assert kills > 0
    assert outcome(directory / "killed") == outcome(directory / "undisturbed")


def test_every_choice_is_among_them():
    chosen = [recipe_of(options) for options in RECIPES.values()]
    assert {entry.schedule.scheduler for entry in chosen} == {"none", "cosine", "onecycle", "multistep"}
    for pairs in (
        {(entry.schedule.scheduler, entry.loop.use_ema) for entry in chosen},
        {(entry.schedule.scheduler, entry.optim.optimizer) for entry in chosen},
        {(entry.schedule.scheduler, entry.optim.gradient_accumulation_steps > 1) for entry in chosen},
    ):
        assert len(pairs) == 8
    assert {(entry.loop.amp, entry.operations.num_workers) for entry in chosen} >= {("bf16", 2), ("none", 0)}
