"""What a training says, word for word."""

from tests.training.tiny import StopAfter, recipe
from yolozu.training.learner import StepReport
from yolozu.training.messages import interrupted, non_finite, opening_lines, step_note, validation_line
from yolozu.training.state import TrainingState, Verdicts
from yolozu.training.validate import Validation

STATE = TrainingState(step=4, verdicts=Verdicts(best_score=0.25))


def test_opening_lines(tiny, monkeypatch):
    monkeypatch.setattr("torch.get_num_threads", lambda: 2)
    chosen = recipe(max_steps=5)
    first = "training for 5 optimizer steps, 3 an epoch: 11 images, 3 held out, on cpu with 2 threads"
    table = chosen.timetable(11)
    assert opening_lines(chosen, tiny.materials(chosen), table) == [first]
    slow = recipe(max_steps=5, lr_warmup_steps=5)
    assert opening_lines(slow, tiny.materials(slow), table) == [
        first,
        "warning: lr_warmup_steps 5 leaves none of the 5 steps at the full learning rate",
    ]
    onecycle = recipe(max_steps=5, lr_warmup_steps=5, scheduler="onecycle")
    assert opening_lines(onecycle, tiny.materials(onecycle), table) == [first]


def test_step_note():
    report = StepReport({"total": 12.3456}, {"backbone": 1e-4, "head": 1e-3}, 1.0, 4)
    assert step_note(report, STATE) == "loss 12.35  lr 0.0001 0.001  best mAP 0.250"
    assert step_note(report, TrainingState()) == "loss 12.35  lr 0.0001 0.001"


def test_validation_line():
    found = Validation({"total": 1.5}, {"map50_95": 0.25, "map50": 0.5, "map_small": 0.1})
    assert validation_line(found, STATE, improved=True) == (
        "step 4: validation loss 1.5  map50_95 0.250  map50 0.500  (best so far)"
    )
    nothing = Validation({"total": 1.5}, {"map50_95": None, "map50": None})
    assert validation_line(nothing, STATE, improved=False) == "step 4: validation loss 1.5"


def test_interrupted():
    error = interrupted(STATE, recipe(max_steps=9).timetable(11))
    assert error.exit_code == 75
    assert str(error) == (
        "training, optimizer step 4 of 9: YZ505 stopped on request; everything is saved\n"
        "  fix: run the same command again: it goes on from there"
    )


def test_non_finite_names_the_images():
    report = StepReport({"total": float("nan")}, {}, 0.0, 4, "loss", (2, 0))
    error = non_finite(report, STATE, recipe(max_steps=9).timetable(11), ["a.jpg", "b.jpg", "c.jpg"])
    assert str(error) == (
        "training, optimizer step 4 of 9: YZ506 the loss is not a finite number, on c.jpg, a.jpg\n"
        "  fix: lower lr, lengthen lr_warmup_steps, set clip_grad_norm, or set amp: none; then look at these images"
    )


def test_stop_after_is_a_stopper():
    stop = StopAfter(2)
    assert [stop(), stop(), stop()] == [False, False, True]
