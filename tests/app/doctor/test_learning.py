import pytest

from yolozu.app.doctor.learning import by_heart, control, gradients, learning_verdicts
from yolozu.app.doctor.trials import Trial
from yolozu.app.doctor.verdicts import Verdict


def trial(steps, losses, *, val=(), map50=()):
    return Trial(steps, tuple(losses), tuple(val), tuple(map50), 0.1)


def test_pictures_that_are_learned():
    assert by_heart(trial(60, [20.0, 3.0], map50=[0.1, 0.94, 0.9]), 8, minutes=3) == Verdict(
        "learns", "ok", "mAP50 0.94 on 8 pictures after 60 steps, loss 20 → 3"
    )


@pytest.mark.parametrize(
    ("steps", "last", "state", "more"),
    [
        (300, 10.0, "warning", ": it does, and is not done"),
        (20, 19.0, "warning", ": too few steps to tell"),
        (300, 19.0, "wrong", ""),
    ],
)
def test_pictures_that_are_not_learned(steps, last, state, more):
    found = by_heart(trial(steps, [20.0, last], map50=[None, 0.0]), 8, minutes=3)
    assert (found.state, found.said) == (
        state,
        f"mAP50 0.00 on 8 pictures after {steps} steps, loss 20 → {last:g}{more}",
    )
    assert found.advice == (
        "try a fifth of lr, and five times as much; or start from weights that know pictures (yolozu weights)"
        if state == "wrong"
        else "give it more time: --minutes 6"
    )


def test_labels_that_belong_to_their_pictures():
    right, wrong = trial(50, [], val=[9.0, 7.0, 8.0]), trial(50, [], val=[9.0, 8.5])
    assert control(right, wrong, 16, minutes=3) == Verdict(
        "labels", "ok", "loss on 16 held-out pictures after 50 steps: 7, with shuffled labels 8.5"
    )
    assert control(trial(5, []), wrong, 16, minutes=3) == Verdict(
        "labels", "warning", "the time was over after 5 steps, before a validation", "give it more time: --minutes 6"
    )
    found = control(wrong, right, 16, minutes=3)
    assert (found.state, found.said.endswith("no better, so far")) == ("warning", True)


def test_a_loss_that_drowns_the_others_and_one_without_a_say():
    assert gradients({"vfl": 0.6, "bbox": 0.4}, 9) == Verdict("gradients", "ok", "after 9 steps: vfl 60%, bbox 40%")
    assert gradients({"vfl": 0.04, "rot": 0.96}, 9).advice == (
        "lower loss_weights.rot if it was raised; with its default it may lead early in a training"
    )
    assert gradients({"vfl": 0.6, "bbox": 0.3995, "t": 0.0005}, 9).advice.startswith("without a say: t;")


@pytest.mark.slow
def test_all_of_it_in_seconds(bench):
    said = []
    found = learning_verdicts(bench, minutes=0.05, say=said.append)
    assert [verdict.name for verdict in found] == ["learns", "gradients", "labels"]
    assert len(said) == 2


@pytest.mark.slow
def test_a_training_that_is_refused_is_wrong(bench, monkeypatch):
    loop = bench.session.loaded.contract.loop.model_copy(update={"amp": "fp16"})
    contract = bench.session.loaded.contract.model_copy(update={"loop": loop})
    from dataclasses import replace

    broken = replace(bench, session=replace(bench.session, loaded=replace(bench.session.loaded, contract=contract)))
    (found,) = learning_verdicts(broken, minutes=0.05, say=lambda _: None)
    assert (found.name, found.state) == ("training", "wrong")
