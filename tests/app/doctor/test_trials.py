import numpy as np
import pytest

from yolozu.app.doctor.trials import shuffled, train, trial_spec, with_objects
from yolozu.data.index import DataIndex
from yolozu.stages.registry import STAGES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def index(bench):
    return DataIndex.read(bench.root / "data/train.json")


def test_a_short_training_keeps_network_losses_and_rate_and_drops_the_rest(bench):
    spec = bench.spec(STAGES.load("train"))
    trial = trial_spec(spec, images=8, steps=40)
    assert (trial.model, trial.losses, trial.matching, trial.optim.lr) == (
        spec.model, spec.losses, spec.matching, spec.optim.lr,
    )  # fmt: skip
    assert (trial.schedule.scheduler, trial.schedule.lr_warmup_steps, trial.length.max_steps) == ("none", 4, 40)
    assert (trial.loop.batch_size, trial.loop.val_every_steps, trial.loop.use_ema) == (4, 10, False)
    assert (trial.augment.hflip_prob, trial.optim.gradient_accumulation_steps) == (0.0, 1)


def test_shuffled_labels_are_those_of_the_next_picture(index):
    mixed = shuffled(index)
    assert [record.image for record in mixed.records] == [record.image for record in index.records]
    for record, other in zip(mixed.records, (*index.records[1:], index.records[0]), strict=True):
        np.testing.assert_array_equal(record.boxes_cxcywh, other.boxes_cxcywh)
        np.testing.assert_array_equal(record.class_indices, other.class_indices)


def test_pictures_with_objects_that_are_not_held_out(index):
    held_out = with_objects(index, 4)
    rest = with_objects(index, 100, without=held_out.records)
    assert len(held_out) == 4
    assert not {record.sha256 for record in held_out.records} & {record.sha256 for record in rest.records}
    assert all(len(record.class_indices) for record in rest.records)


def test_a_trial_tells_of_every_step_and_stops_in_time(bench, index):
    few = with_objects(index, 4)
    trial = train(bench, few, few, steps=3, name="three")
    assert (trial.steps, len(trial.train_losses), len(trial.val_losses), len(trial.map50)) == (3, 3, 3, 3)
    assert trial.step_s > 0.0
    assert train(bench, few, few, steps=500, seconds=0.01, name="stopped").steps < 500
