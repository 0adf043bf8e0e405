"""The term of stored outputs: a mean over the images of a window that have some, however it is parted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.tiny import PREPROCESS, training_config
from yolozu.continual.stored_outputs import stored_outputs_loss
from yolozu.data.collate import collate
from yolozu.data.preprocess import normalize_images
from yolozu.structures.stored_queries import StoredQueries
from yolozu.training.batch_sharding import Share, shares_of
from yolozu.training.distributed import SINGLE_PROCESS
from yolozu.training.learner import TrainingPass
from yolozu.training.stored_term import StoredOutputsTerm


def queries(seed, count=4):
    generator = np.random.default_rng(seed)
    boxes = np.concatenate([generator.uniform(0.3, 0.7, (count, 2)), generator.uniform(0.1, 0.4, (count, 2))], axis=1)
    return StoredQueries(
        generator.normal(size=(count, 2)).astype(np.float32), boxes.astype(np.float32), np.array([1, 0])
    )


@pytest.fixture
def batch(tiny):
    found = tiny.materials(training_config()).train_images
    samples = [found[0, number] for number in range(4)]
    known = {0: queries(0), 2: queries(2), 3: queries(3)}
    return collate([replace(sample, stored=known.get(row)) for row, sample in enumerate(samples)])


@pytest.fixture
def term_of(tiny):
    detector = tiny.materials(training_config()).detector.eval()

    def found(share, weight=1.0):
        targets = share.batch.targets
        with torch.no_grad():
            output = detector.train()(normalize_images(share.batch.images_B3HW, PREPROCESS), targets, torch.Generator())
        detector.eval()
        done = TrainingPass(share.batch.images_B3HW, output, targets, share, 0, 0)
        return StoredOutputsTerm(weight=weight)(done).item(), output

    return found


def test_it_is_the_mean_over_images_with_stored_outputs_of_the_stored_classes_columns(batch, term_of):
    torch.manual_seed(0)
    (share,) = shares_of([batch], SINGLE_PROCESS)
    assert share.stored_of_window == 3
    found, output = term_of(share, 2.0)
    final = output.final()
    losses = [
        stored_outputs_loss(
            final.pred_logits[row][:, [1, 0]],
            final.pred_boxes[row],
            torch.from_numpy(batch.stored[row].logits_MC),
            torch.from_numpy(batch.stored[row].boxes_M4),
        ).item()
        for row in (0, 2, 3)
    ]
    assert found == pytest.approx(2.0 * sum(losses) / 3, rel=1e-5)


def test_a_window_of_several_batches_counts_the_images_of_all(batch):
    shares = shares_of([batch, batch], SINGLE_PROCESS)
    assert [share.stored_of_window for share in shares] == [6, 6]


def test_where_nothing_is_stored_it_is_zero(batch, term_of):
    (share,) = shares_of([replace(batch, stored=[])], SINGLE_PROCESS)
    assert share.stored_of_window == 0
    assert term_of(share)[0] == 0.0


def test_parts_of_processes_add_up(batch, term_of):
    """The part of a process that has the first images, and that of one whose images have none."""
    whole = Share(batch, 0, 4, 4, 1.0, 3)
    torch.manual_seed(0)
    of_whole = term_of(whole)[0]
    nothing = replace(batch, stored=[None] * 4)
    assert term_of(Share(nothing, 4, 8, 8, 1.0, 3))[0] == 0.0
    torch.manual_seed(0)
    assert term_of(Share(batch, 0, 8, 8, 1.0, 6))[0] == pytest.approx(of_whole / 2)
