"""What is said of trainings that ended near nothing, by the rows that real ones wrote."""

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from yolozu.training.diagnosis import Cause, Ended, diagnose

RECORDED = Path(__file__).parent / "recorded"
NOTHING = {"map50_95": 0.001, "add_s_01d": None}


def recorded(name, **metrics):
    """The training of a file in `recorded`: small ones, on two CPU cores."""
    return Ended(**json.loads((RECORDED / f"{name}.json").read_text()), metrics={**NOTHING, **metrics})


def with_spec(ended, **values):
    """The same with other values in the spec's sections."""
    spec = deepcopy(ended.spec)
    for section, changed in values.items():
        spec[section] |= changed
    return replace(ended, spec=spec)


def row(step, loss, *, kind="train_step", **metrics):
    return {"losses": {"total": loss}, "metrics": metrics, "meta": {"kind": kind, "optim_step": step}}


def course(losses, *, rates, val=(), counts=(1000, 9000, 3)):
    """A training of 100 steps a loss, from weights of a file, on many pictures."""
    train = [row(100 * step, loss, lr=lr) for step, (loss, lr) in enumerate(zip(losses, rates, strict=True), start=1)]
    validated = [row(100 * step, loss, kind="val_step") for step, loss in enumerate(val, start=1)]
    base = recorded("few_steps")
    named = dict(zip(("train_images", "train_instances", "classes"), counts, strict=True))
    ended = replace(base, counts=named, train_rows=train, val_rows=validated)
    return with_spec(ended, init={"init_from": "w.pt"}, schedule={"scheduler": "none"})


def codes(ended):
    return [cause.code for cause in diagnose(ended)]


def test_a_training_of_few_steps():
    assert diagnose(recorded("few_steps")) == [
        Cause(
            "YZ519",
            "24 optimizer steps, 4 of them to warm up, from random weights; small networks need 800 and more",
            "train longer",
            ("max_steps=800", "extend=true"),
        ),
        Cause(
            "YZ520",
            "the network began with random weights and saw 24 pictures",
            "start from weights that know many pictures (yolozu weights), or add some",
        ),
        Cause(
            "YZ523",
            "31 objects of 5 classes to learn from, 6.2 a class",
            "label 10 and more of each class; yolozu data check counts them",
        ),
    ]


def test_a_training_that_learned_its_pictures_by_heart_is_not_told_to_go_on():
    found = diagnose(recorded("by_heart"))
    assert [cause.code for cause in found] == ["YZ521", "YZ520", "YZ523"]
    assert found[0].problem == (
        "the training pictures were learned by heart: in the second half their loss fell from 9.37 to 7.46, that of "
        "the held-out ones was 4.19 before and 4.09 at best"
    )
    assert found[0].words == ("hflip_prob=0.5", "hsv_v=0.3", "scale_min=0.7", "scale_max=1.3", "translate=0.1")
    varied = with_spec(recorded("by_heart"), augment={"hflip_prob": 0.5})
    assert diagnose(varied)[0].words == ()


@pytest.mark.parametrize(
    ("metrics", "told"),
    [
        ({"map50_95": 0.3}, False),
        ({"map50_95": None}, False),
        ({"map50_95": None, "add_s_01d": 0.0}, False),
        ({"map50_95": 0.3, "add_s_01d": 0.2}, False),
        ({"map50_95": 0.049}, True),
        ({}, True),
    ],
)
def test_only_what_is_near_nothing_is_told_of(metrics, told):
    assert bool(diagnose(recorded("few_steps", **metrics))) is told


def test_poses_that_are_not_learned_where_boxes_are():
    (found,) = diagnose(recorded("few_steps", map50_95=0.6, add_s_01d=0.01, rot_deg_median=80.4, t_mm_median=91.0))
    assert found.problem == (
        "boxes are found (map50_95 0.60), poses are not: ADD(-S) 0.010, median errors 80° and 91 mm after 24 steps"
    )
    assert found.words == ("max_steps=96", "extend=true")


def test_a_learning_rate_of_0():
    found = diagnose(course([9.0] * 6, rates=[0.0] * 6))
    assert [(cause.code, cause.problem) for cause in found] == [("YZ518", "the learning rate was 0 in all 600 steps")]


def test_a_warm_up_that_takes_half_of_the_steps():
    ended = course([9.0, 8.0, 7.0, 6.0, 5.0, 4.0], rates=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    (found,) = diagnose(with_spec(ended, schedule={"lr_warmup_steps": 300}))
    assert (found.code, found.problem) == ("YZ518", "the learning rate was still rising in 300 of 600 steps")
    assert found.words == ("lr_warmup_steps=60",)


def test_a_rate_that_fell_too_early():
    ended = course([9.0, 8.0, 7.0, 7.0, 7.0, 7.0], rates=[1.0, 1.0, 1e-3, 1e-3, 1e-3, 1e-3])
    (found,) = diagnose(with_spec(ended, schedule={"lr_warmup_steps": 0}))
    assert (found.code, found.problem) == (
        "YZ518",
        "the learning rate was below a hundredth of its peak 1 in 4 of 6 rows",
    )


def test_skipped_steps():
    ended = course([9.0, 8.0, 7.0, 6.0, 5.0, 4.0], rates=[1.0] * 6)
    skipped = [row(step, None, kind="non_finite_loss") for step in range(40)]
    (found,) = diagnose(replace(ended, train_rows=[*ended.train_rows, *skipped]))
    assert (found.code, found.words) == ("YZ518", ("lr=0.00025", "clip_grad_norm=1"))


def test_a_loss_that_still_falls_wants_more_steps():
    ended = course([9.0, 8.0, 7.0, 6.0, 5.0, 4.0], rates=[1.0] * 6, val=[9.0, 8.0, 7.0, 6.0])
    (found,) = diagnose(with_spec(ended, length={"max_steps": 600}))
    assert (found.code, found.words) == ("YZ519", ("max_steps=1200",))
    assert found.problem == "the validation loss was still falling at the end, from 7 to 6"


@pytest.mark.parametrize(("lr", "word"), [(1e-3, "lr=0.0002"), (1e-4, "lr=0.0005")])
def test_a_loss_that_does_not_fall(lr, word):
    (found,) = diagnose(with_spec(course([9.0, 9.1, 8.9, 9.0, 9.0, 9.0], rates=[1.0] * 6), optim={"lr": lr}))
    assert (found.code, found.words) == ("YZ522", (word,))


def test_what_cannot_be_told_is_said_to_be_so():
    (found,) = diagnose(course([9.0, 8.0, 7.0, 6.0, 5.0, 4.0], rates=[1.0] * 6))
    assert found.finding("a: train", "yolozu run run_id=a").render() == (
        "a: train: warning: YZ517 map50_95 is 0.001 after 600 steps, and its metrics do not tell why\n"
        "  fix: find out whether this network can learn these pictures at all: yolozu doctor"
    )


def test_a_finding_ends_with_what_to_type():
    finding = diagnose(recorded("few_steps"))[0].finding("a: train", "yolozu run run_id=a")
    assert finding.fix == "train longer: yolozu run run_id=a max_steps=800 extend=true"
    assert finding.severity == "warning"


def test_a_training_without_rows_is_no_mistake():
    assert codes(replace(recorded("few_steps"), train_rows=[], val_rows=[], counts={})) == ["YZ517"]
