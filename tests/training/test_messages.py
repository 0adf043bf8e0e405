"""What a training says, word for word."""

from dataclasses import replace
from pathlib import Path

from tests.training.tiny import StopAfter, training_config
from yolozu.training.learner import StepReport
from yolozu.training.messages import (
    interrupted,
    non_finite,
    opening_lines,
    skipped,
    step_note,
    step_numbers,
    validation_line,
)
from yolozu.training.state import NOTHING_TO_FIND, Skips, TrainingState, Verdicts
from yolozu.training.timetable import Timetable
from yolozu.training.validate import Validation

STATE = TrainingState(step=4, verdicts=Verdicts(best_score=0.25))


def test_opening_lines(tiny, monkeypatch):
    monkeypatch.setattr("torch.get_num_threads", lambda: 2)
    chosen = training_config(max_steps=5)
    first = "training for 5 optimizer steps, 3 an epoch: 11 images, 3 held out, on cpu with 2 threads"
    table = chosen.timetable(11)
    assert opening_lines(chosen, tiny.materials(chosen), table) == [first]
    together = opening_lines(chosen, tiny.materials(chosen), table, num_processes=2)
    assert together == [f"{first} in each of 2 processes"]
    slow = training_config(max_steps=5, lr_warmup_steps=5)
    assert opening_lines(slow, tiny.materials(slow), table) == [
        first,
        "warning: lr_warmup_steps 5 leaves none of the 5 steps at the full learning rate",
    ]
    onecycle = training_config(max_steps=5, lr_warmup_steps=5, scheduler="onecycle")
    assert opening_lines(onecycle, tiny.materials(onecycle), table) == [first]


def test_opening_lines_tell_that_nothing_chooses_a_best_model(tiny):
    nothing = replace(tiny.val, records=tiny.val.records[-1:])
    patient = training_config(max_steps=5, early_stop_patience=3)
    lines = [
        opening_lines(chosen, replace(tiny.materials(chosen), val_index=nothing), chosen.timetable(11))[1:]
        for chosen in (training_config(max_steps=5), patient)
    ]
    said = "warning: no held-out image has an object, so no validation has a map50_95: best.pt follows the last model"
    assert lines == [[said], [f"{said}, and early_stop_patience 3 has no effect"]]


def test_opening_lines_tell_what_chooses_the_best_model(tiny):
    chosen = training_config(max_steps=5)
    weighed = replace(tiny.materials(chosen), best_metric="map50_95+add_s_01d")
    table = chosen.timetable(11)
    assert opening_lines(chosen, weighed, table, best_metric="map50_95+add_s_01d")[1:] == [
        "best.pt is chosen by the mean of map50_95 and add_s_01d"
    ]
    assert opening_lines(chosen, weighed, table, best_metric="map50_95")[1:] == [
        "note: best.pt has been chosen by map50_95 so far, and is to the end of this training; a new one would choose "
        "it by the mean of map50_95 and add_s_01d"
    ]


def test_step_note():
    report, table = (
        StepReport({"total": 12.3456}, {"backbone": 1e-4, "head": 1e-3}, 1.0, 4),
        Timetable(11, 4, 1, 7, None, 1, None),
    )
    measured = {"images_per_s": 41.26, "memory_mb": 1949.0}
    numbers = step_numbers(report, STATE, table, measured)
    assert numbers == {
        "epoch": 2, "epochs": 3, "loss": 12.3456, "best_score": 0.25, "lr_backbone": 1e-4, "lr_head": 1e-3,
        "images_per_s": 41.26, "memory_mb": 1949.0,
    }  # fmt: skip
    assert step_note(numbers) == "epoch 2/3  loss 12.35  best mAP 0.250  41.3 images/s  1.9 GB  lr 0.0001 0.001"
    assert "best add_s_01d 0.250" in step_note(numbers, "add_s_01d")
    assert "best score 0.250" in step_note(numbers, "map50_95+add_s_01d")
    no_metric = TrainingState(step=4, verdicts=Verdicts(best_score=NOTHING_TO_FIND))
    for state in (no_metric, TrainingState(step=4)):
        assert step_note(step_numbers(report, state, table, {})) == "epoch 2/3  loss 12.35  lr 0.0001 0.001"


def test_validation_line():
    found = Validation({"total": 1.5}, {"map50_95": 0.25, "map50": 0.5, "map_small": 0.1})
    assert validation_line(found, STATE, improved=True) == (
        "step 4: validation loss 1.5  map50_95 0.250  map50 0.500  (best so far)"
    )
    nothing = Validation({"total": 1.5}, {"map50_95": None, "map50": None})
    assert validation_line(nothing, STATE, improved=False) == "step 4: validation loss 1.5"
    assert validation_line(nothing, STATE, improved=True) == (
        "step 4: validation loss 1.5  (no metric: best.pt follows the last model)"
    )


def test_interrupted():
    error = interrupted(STATE, training_config(max_steps=9).timetable(11))
    assert error.exit_code == 75
    assert str(error) == (
        "training, optimizer step 4 of 9: YZ505 stopped on request; everything is saved\n"
        "  fix: run the same command again: it goes on from there"
    )


def test_non_finite_names_images_place_and_bundle():
    report = StepReport({"total": float("nan")}, {}, 0.0, 4, "loss", (2, 0))
    table = training_config(max_steps=9).timetable(11)
    told = {"cause": "the output of x (Linear) is not finite, its input was", "bundle": Path("bb/step-000004.pt")}
    assert str(non_finite(report, STATE, table, ["c.jpg", "a.jpg"], **told)) == (
        "training, optimizer step 4 of 9: YZ506 the loss is not a finite number, on c.jpg, a.jpg: the output of x "
        "(Linear) is not finite, its input was\n"
        "  fix: yolozu replay bb/step-000004.pt shows more; lower lr, lengthen lr_warmup_steps, set clip_grad_norm, or "
        "set amp: none; then look at these images"
    )
    after = replace(STATE, skips=Skips(in_a_row=3))
    grad = replace(report, non_finite="grad")
    assert str(non_finite(grad, after, table, ["a.jpg"], **told)).startswith(
        "training, optimizer step 4 of 9: YZ506 the gradient is not a finite number, on a.jpg, after 3 skipped steps: "
    )


def test_a_skipped_step():
    report = StepReport({"total": float("inf")}, {}, 0.0, 4, "loss", (2, 0))
    state = TrainingState(step=4, skips=Skips(in_a_row=2, lr_factor=0.25))
    assert skipped(report, state, ["c.jpg", "a.jpg"], max_skips=3) == (
        "warning: step 4 is skipped (2 of at most 3 in a row): the loss is not a finite number, on c.jpg, a.jpg; "
        "learning rates are 0.25 of the schedule's from here on"
    )


def test_stop_after_is_a_stopper():
    stop = StopAfter(2)
    assert [stop(), stop(), stop()] == [False, False, True]
