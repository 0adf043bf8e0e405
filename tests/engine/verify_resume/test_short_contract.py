import pytest

from yolozu.contract.sections.data import DatasetSection
from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.optim import LengthSection, OptimSection, ScheduleSection
from yolozu.contract.sections.run import Contract
from yolozu.contract.sections.train import LoopSection
from yolozu.contract.strict.slots import keys
from yolozu.engine.verify_resume.short_contract import SCALED, Changed, shorten
from yolozu.errors import InputError

NO_POSITION = {"max_steps", "val_every_steps", "gradient_accumulation_steps", "ttt_steps"}


def contract(**sections) -> Contract:
    return Contract(**{"length": LengthSection(max_steps=2000), "loop": LoopSection(batch_size=4), **sections})


def changes(short):
    return {entry.key: (entry.old, entry.new) for entry in short.changed}


def test_a_long_training_is_shortened_with_what_depends_on_its_length():
    schedule = ScheduleSection(scheduler="multistep", scheduler_milestones=(1000, 1500), lr_warmup_steps=100)
    short = shorten(contract(schedule=schedule), steps=40, images=4000)
    assert changes(short) == {
        "log_every": (10, 1),
        "save_last_every": (100, 5),
        "max_steps": (2000, 40),
        "lr_warmup_steps": (100, 2),
        "scheduler_milestones": ([1000, 1500], [20, 30]),
        "val_every_steps": (None, 16),
    }
    assert (short.steps, short.timetable.total_steps, short.contract.length.max_steps) == (40, 40, 40)
    assert short.contract.schedule.scheduler_milestones == (20, 30)


def test_a_short_training_keeps_its_length_its_schedule_and_its_validations():
    given = contract(
        length=LengthSection(epochs=3),
        schedule=ScheduleSection(lr_warmup_steps=5),
        operations=OperationsSection(save_last_every=3),
    )
    short = shorten(given, steps=40, images=24)
    assert (short.steps, changes(short)) == (18, {"log_every": (10, 1), "save_last_every": (3, 2)})
    assert (given.schedule, given.length, given.loop) == (
        short.contract.schedule, short.contract.length, short.contract.loop,
    )  # fmt: skip


def test_milestones_and_warmup_never_vanish_and_stay_rising():
    schedule = ScheduleSection(scheduler="multistep", scheduler_milestones=(1, 2, 1999), lr_warmup_steps=1)
    short = shorten(contract(schedule=schedule), steps=4, images=400)
    assert short.contract.schedule.scheduler_milestones == (1, 4)
    assert short.contract.schedule.lr_warmup_steps == 1


@pytest.mark.parametrize("steps", [2, 3, 5, 40])
def test_there_is_always_a_validation_before_the_end_and_a_save_between(steps):
    short = shorten(contract(), steps=steps, images=4000)
    assert any(short.timetable.validation(step) for step in range(1, steps))
    assert 1 <= short.contract.operations.save_last_every <= max(2, steps // 8)


def test_a_training_of_one_step_is_refused():
    with pytest.raises(InputError) as caught:
        shorten(contract(length=LengthSection(max_steps=1)), steps=40, images=8)
    assert str(caught.value) == (
        "max_steps, epochs: YZ322 a training of one optimizer step cannot be killed between steps\n"
        "  fix: raise max_steps or epochs, or lower batch_size"
    )


def test_several_processes_are_not_to_restart_by_themselves():
    given = contract(loop=LoopSection(batch_size=4, ddp=True))
    assert changes(shorten(given, steps=4, images=8))["max_restarts"] == (given.operations.max_restarts, 0)


def test_every_key_that_is_a_position_in_training_moves_with_its_length():
    positions = {key for key in keys() if key.endswith(("_steps", "_step", "_milestones"))}
    assert positions - NO_POSITION == set(SCALED)


def test_what_has_nothing_to_do_with_length_stays():
    given = contract(dataset=DatasetSection(dataset_root="x"), optim=OptimSection(gradient_accumulation_steps=3))
    short = shorten(given, steps=40, images=4000)
    kept = {"run", "seed", "dataset", "preprocess", "augment", "model", "optim", "matching", "losses"}
    assert all(getattr(short.contract, name) == getattr(given, name) for name in kept)
    assert Changed("log_every", 10, 1) in short.changed
