"""What a training holds of earlier ones: whose state it may be, which rows are whose, and what that does to a step."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.training.played import Played
from tests.training.test_learner import Toy, toy_batch, toy_loss
from tests.training.test_precision import ScalingOnTheCpu
from tests.training.tiny import PREPROCESS, training_config
from yolozu.artifacts.continual_state import ContinualState, write_continual_state
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.earlier_runs import STATES
from yolozu.continual.base import Held
from yolozu.contract.sections.continual import ContinualSection
from yolozu.errors import InputError
from yolozu.training.config import build_learner, regularization_of
from yolozu.training.regularization import Regularization, held_by

LOGITS, EMBEDDING = "decoder.heads.logits.0.weight", "denoising.embedding.weight"


class Classed(nn.Module):
    """A weight, class logits and class embeddings, named as in a detector."""

    def __init__(self, num_classes):
        super().__init__()
        self.body = nn.Linear(2, 1, bias=False)
        self.decoder = nn.ModuleDict({"heads": nn.ModuleDict({"logits": nn.ModuleList([nn.Linear(2, num_classes)])})})
        self.denoising = nn.ModuleDict({"embedding": nn.Embedding(num_classes + 1, 2)})


def state_of(detector, *names, **changes):
    anchor = {name: parameter.detach().clone() for name, parameter in detector.named_parameters()}
    importance = {name: torch.ones_like(tensor) for name, tensor in anchor.items()}
    return replace(ContinualState("ewc", names, importance, anchor, "f" * 64, source="a/ewc_state.pt"), **changes)


def parameters_of(detector):
    return dict(detector.named_parameters())


def problems(state, detector, *names):
    with pytest.raises(InputError) as caught:
        held_by(state, parameters_of(detector), names)
    return [(finding.code, finding.problem) for finding in caught.value.findings]


def test_rows_of_classes_follow_their_names_and_new_ones_are_free():
    before, after = Classed(2), Classed(3)
    held = held_by(state_of(before, "cat", "dog"), parameters_of(after), ("dog", "cow", "cat"))
    old, new = before.decoder["heads"]["logits"][0].weight, after.decoder["heads"]["logits"][0].weight
    assert torch.equal(held.anchor[LOGITS], torch.stack([old[1], new[1], old[0]]).detach())
    assert held.importance[LOGITS].tolist() == [[1, 1], [0, 0], [1, 1]]
    rows = before.denoising["embedding"].weight
    assert torch.equal(held.anchor[EMBEDDING][[0, 2, 3]], rows[[1, 0, 2]].detach())
    assert held.importance[EMBEDDING].tolist() == [[1, 1], [0, 0], [1, 1], [1, 1]]
    assert torch.equal(held.anchor["body.weight"], before.body.weight.detach())


def test_a_class_that_is_gone_takes_its_rows_along():
    held = held_by(state_of(Classed(2), "cat", "dog"), parameters_of(Classed(1)), ("dog",))
    assert held.importance[LOGITS].tolist() == [[1, 1]]


def test_the_state_of_another_detector_is_refused_with_the_first_differences():
    before, after = Classed(2), Classed(2)
    after.body = nn.Linear(3, 1, bias=False)
    after.mask_head, before.gone = nn.Linear(1, 1), nn.Linear(1, 1, bias=False)
    assert problems(state_of(before, "cat", "dog"), after, "cat", "dog") == [
        ("YZ542", "is of another detector: 2 parameters it lacks: mask_head.weight, mask_head.bias"),
        ("YZ542", "is of another detector: 1 parameter it has besides: gone.weight"),
        (
            "YZ542",
            "is of another detector: 1 parameter have another shape: "
            "body.weight ([1, 2] in the state, [1, 3] in the detector)",
        ),
    ]


def test_classes_that_cannot_be_told_apart_are_refused_unless_they_are_the_same():
    state = state_of(Classed(2), "cat", "cat")
    assert problems(state, Classed(3), "cat", "cat", "dog") == [
        ("YZ542", "is of other classes, and the state has several named cat")
    ]
    assert held_by(state, parameters_of(Classed(2)), ("cat", "cat")).importance[LOGITS].tolist() == [[1, 1], [1, 1]]


@pytest.fixture
def earlier(tmp_path, monkeypatch):
    """A run ``a`` that left a state, and what a planner says of it."""
    monkeypatch.chdir(tmp_path)
    path = Path("runs/a") / STATES["ewc"]
    path.parent.mkdir(parents=True)
    Path("runs/a/plan").mkdir()
    torch.manual_seed(0)
    detector = Classed(2)
    write_continual_state(path, state_of(detector, "cat", "dog"))
    Path("earlier.json").write_text(json.dumps({"left": {STATES["ewc"]: digest_file(path)}}))
    return detector, path


def with_held(detector, *names, **keys):
    section = ContinualSection(**{"ewc": True, "continual_from": "a", **keys})
    asked = regularization_of(section, {"ewc": Path("e.pt"), "si": Path("s.pt")})
    return asked.with_held(detector, names, planned=Path("earlier.json"))


@pytest.mark.effect("continual_from")
def test_the_earlier_run_says_what_is_held(earlier):
    detector, _ = earlier
    assert torch.equal(with_held(detector, "cat", "dog").held["ewc"].anchor["body.weight"], detector.body.weight)
    asked = regularization_of(ContinualSection(ewc=True), {"ewc": Path("e.pt")})
    assert asked.with_held(detector, ("cat", "dog"), planned=None) is asked


def test_people_hear_what_is_held_and_whether_training_starts_there(earlier):
    detector, _ = earlier
    assert with_held(detector, "cat", "dog").lines == ("ewc: 14 of 14 weights are held to those of a",)
    larger = Classed(3)
    assert with_held(larger, "cat", "dog", "cow").lines == (
        "ewc: 14 of 19 weights are held to those of a; rows of new classes are free (cow)",
        "warning: ewc pulls 4 of 4 parameters away from where training starts: set init_from to the best checkpoint "
        "of a to start where it ended",
    )


def test_a_state_that_is_missing_or_not_the_planned_one_is_an_error(earlier):
    detector, path = earlier
    with pytest.raises(InputError) as caught:
        with_held(detector, "cat", "dog", si=True)
    assert str(caught.value) == (
        "continual_from: runs/a/continual/si_state.pt: YZ540 the run has left no state for si\n"
        "  fix: set si: true in that run's contract and build it again, or drop si here"
    )
    write_continual_state(path, state_of(Classed(2), "cat", "dog"))
    with pytest.raises(InputError) as caught:
        with_held(detector, "cat", "dog")
    assert str(caught.value) == (
        f"continual_from: {path}: YZ551 has changed since the run was planned\n"
        "  fix: run the same command again: it plans with what is there now"
    )


HELD = Held({"backbone.weight": torch.tensor([[4.0]])}, {"backbone.weight": torch.tensor([[1.0]])})
"""Of a toy's weight, which begins at 0.5."""


def learner_of(keys, *, held=(), loss=toy_loss, processes=None, **changes):
    asked = regularization_of(ContinualSection(**keys), {"ewc": Path("e.pt"), "si": Path("s.pt")})
    chosen = {"optimizer": "sgd", "momentum": 0.0, "lr": 0.5, "weight_decay": 0.0, "lr_warmup_steps": 0}
    return build_learner(
        training_config(**{**chosen, "clip_grad_norm": 0.0, **changes}),
        Toy(),
        loss,
        preprocess=PREPROCESS,
        total_steps=10,
        regularization=replace(asked, held=dict.fromkeys(held, HELD)),
        **({} if processes is None else {"processes": processes}),
    )


def weight_of(learner):
    return learner.detector.backbone.weight.item()


@pytest.mark.effect("ewc", "ewc_lambda")
@pytest.mark.parametrize(("strength", "penalty", "gradient"), [(0.0, 0.0, 0.0), (0.5, 0.25, -1.0), (2.0, 1.0, -4.0)])
def test_a_step_with_ewc_by_hand(strength, penalty, gradient):
    """Away from the anchor by -0.5: lambda / 2 * 4 * 0.25 and lambda * 4 * -0.5, beside the loss's 0.25 and -1."""
    learner = learner_of({"ewc": True, "ewc_lambda": strength}, held=["ewc"])
    report = learner.learn([toy_batch((255, [1]))], 0)
    assert report.losses == {"total": 0.25 + penalty, "square": 0.25, "ewc": penalty}
    assert report.grad_norm == 1.0 - gradient
    assert weight_of(learner) == 0.5 - 0.5 * (-1.0 + gradient)


@pytest.mark.effect("si", "si_c")
@pytest.mark.parametrize(("strength", "penalty", "gradient"), [(0.0, 0.0, 0.0), (0.25, 0.25, -1.0), (0.5, 0.5, -2.0)])
def test_a_step_with_si_by_hand(strength, penalty, gradient):
    """c * 4 * 0.25 and 2 * c * 4 * -0.5; the path has the loss's gradient, -1, times the way."""
    learner = learner_of({"si": True, "si_c": strength}, held=["si"])
    report = learner.learn([toy_batch((255, [1]))], 0)
    assert report.losses == {"total": 0.25 + penalty, "square": 0.25, "si": penalty}
    way = -0.5 * (-1.0 + gradient)
    assert weight_of(learner) == 0.5 + way
    assert learner.record().tensors["regularizers/si/path_integral/backbone.weight"].item() == 1.0 * way


@pytest.mark.effect("si_epsilon")
@pytest.mark.parametrize(("epsilon", "importance"), [(0.75, 0.5), (0.25, 1.0)])
def test_what_si_gathers_is_divided_by_the_squared_way_and_epsilon(epsilon, importance):
    """One step of 0.5 along a gradient of -1: 0.5 / (0.25 + epsilon)."""
    learner = learner_of({"si": True, "si_epsilon": epsilon})
    learner.learn([toy_batch((255, [1]))], 0)
    found = learner.regularizers.members["si"].own_importance(dict)
    assert found["backbone.weight"].item() == importance


def test_a_first_task_steps_as_if_nothing_were_held():
    plain, first = learner_of({}), learner_of({"ewc": True, "si": True})
    reports = [learner.learn([toy_batch((255, [1]))], 0) for learner in (plain, first)]
    assert reports[0] == reports[1]
    assert weight_of(plain) == weight_of(first)


def test_a_window_of_several_batches_gets_the_penalty_once():
    images = [(255, [1, 2, 0]), (51, [1]), (204, [2, 2])]
    keys = {"ewc": True, "si": True}
    whole, parts = (learner_of(keys, held=["ewc", "si"], lr=0.01) for _ in range(2))
    one = whole.learn([toy_batch(*images)], 0)
    many = parts.learn([toy_batch(*images[:1]), toy_batch(*images[1:])], 0)
    assert many.losses == pytest.approx(one.losses, abs=1e-6)
    assert weight_of(parts) == pytest.approx(weight_of(whole), abs=1e-6)
    path = "regularizers/si/path_integral/backbone.weight"
    assert parts.record().tensors[path].item() == pytest.approx(whole.record().tensors[path].item(), abs=1e-6)


def test_two_processes_step_as_one():
    class Both(Played):
        """Two processes with the same batch: they say the same, and the sum of gradients is twice that of one."""

        def all_gather(self, value):
            return [value, value]

        def start_sum(self, tensor):
            tensor *= 2.0
            return lambda: None

    keys, images = {"ewc": True, "si": True}, [(255, [1]), (255, [1])]
    alone = learner_of(keys, held=["ewc", "si"])
    whole = alone.learn([toy_batch(*images)], 0)
    member = learner_of(keys, held=["ewc", "si"], processes=Both(0, 2))
    report = member.learn([toy_batch(images[0])], 0)
    assert report.losses == whole.losses
    assert weight_of(member) == weight_of(alone)
    path = "regularizers/si/path_integral/backbone.weight"
    assert torch.equal(member.record().tensors[path], alone.record().tensors[path])


def paths_after(learner, batch):
    learner.learn([batch], 0)
    return learner.record().tensors["regularizers/si/path_integral/backbone.weight"].item()


def cliff(output, targets, step=None):
    """0, with an infinite slope, where a label is 7."""
    total, terms = toy_loss(output, targets)
    broken = (output - output.detach()).abs().sqrt().sum()
    return (total * 0.0 + broken if targets.labels_BT.max() == 7 else total), terms


def test_a_step_whose_gradient_is_not_finite_does_not_count():
    learner = learner_of({"si": True, "si_c": 0.25}, held=["si"], loss=cliff)
    assert paths_after(learner, toy_batch((255, [7]))) == 0.0
    assert weight_of(learner) == 0.5
    assert paths_after(learner, toy_batch((255, [1]))) == 1.0


def test_a_step_whose_scaled_gradients_overflow_does_not_count_and_others_are_unscaled_first():
    learner = learner_of({"si": True, "ewc": True, "ewc_lambda": 0.5}, held=["ewc"], loss=cliff)
    learner._precision = ScalingOnTheCpu()
    assert paths_after(learner, toy_batch((255, [7]))) == 0.0
    assert weight_of(learner) == 0.5
    assert paths_after(learner, toy_batch((255, [1]))) == 1.0  # gradient -1, way -0.5 * (-1 + 0.5 * 4 * -0.5)
    assert weight_of(learner) == 1.5


def test_clipping_limits_the_sum_and_not_what_the_path_sees():
    learner = learner_of({"si": True, "si_c": 0.25}, held=["si"], clip_grad_norm=0.5)
    assert paths_after(learner, toy_batch((255, [1]))) == pytest.approx(0.25, rel=1e-5)  # gradient -1, way 0.5 * 0.5
    assert math.isclose(weight_of(learner), 0.75, rel_tol=1e-5)


def test_no_regularizer_is_the_default():
    assert Regularization().over({}).members == {}
    assert regularization_of(ContinualSection(), {}) == Regularization(samples=256)
