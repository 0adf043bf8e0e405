"""How batches are parted among processes, and what the parts weigh."""

import pytest
import torch

from tests.training.played import Played
from tests.training.test_learner import toy_batch
from yolozu.data.collate import nothing
from yolozu.training.batch_sharding import own_part, shares_of, whole_batches_at_first, window_weights
from yolozu.training.distributed import SINGLE_PROCESS, StoppedByRank0


@pytest.mark.parametrize(
    ("count", "size", "parts"),
    [
        (4, 2, [[0, 1], [2, 3]]),
        (3, 2, [[0, 1], [2]]),
        (1, 2, [[0], []]),
        (5, 3, [[0, 1], [2, 3], [4]]),
        (2, 4, [[0], [1], [], []]),
        (3, 1, [[0, 1, 2]]),
    ],
)
def test_every_process_has_a_stretch_and_the_first_ones_have_more(count, size, parts):
    assert [own_part(list(range(count)), Played(rank, size)) for rank in range(size)] == parts


def test_a_process_that_is_alone_has_everything_as_it_is():
    batch = toy_batch((255, [1, 2]), (51, []))
    (share,) = shares_of([batch], SINGLE_PROCESS)
    assert share.batch.targets is batch.targets
    assert (share.first, share.of, share.of_window, share.weight) == (0, 2, 2, 1.0)


def test_a_share_knows_its_place_and_is_padded_as_the_whole_batch_is():
    """Two batches; the other process has 3 and 0 images with 4 and 0 objects, at most 3 and 0 in one."""
    window = [toy_batch((255, [1])), toy_batch((51, [1, 0]), (51, []))]
    one, other = shares_of(window, Played(1, 2, {0: [(3, 4, 3, 2), (0, 0, 0, 0)]}))
    assert (one.first, one.of, one.batch.targets.labels_BT.tolist()) == (3, 4, [[1, 0, 0]])
    assert one.batch.targets.valid_BT.tolist() == [[True, False, False]]
    assert (other.first, other.of, other.batch.targets.labels_BT.shape) == (0, 2, (2, 2))
    assert (one.weight, other.weight) == (1 / 7, 2 / 7)
    assert one.of_window == other.of_window == 6
    assert one.stored_of_window == other.stored_of_window == 2


def test_weights_make_the_mean_over_all_objects():
    assert window_weights([3, 1]) == [0.75, 0.25]
    assert window_weights([0, 4]) == [0.25, 1.0]
    assert window_weights([0, 0]) == [1.0, 1.0]


def test_the_first_process_gets_the_whole_window_and_is_alone_then():
    first = Played(0, 2, {1: [toy_batch((51, [1, 2])), nothing()]})
    whole, other = whole_batches_at_first([toy_batch((255, [1])), toy_batch((102, []))], first)
    assert first.left
    assert whole.targets.labels_BT.tolist() == [[1, 0], [1, 2]]
    assert whole.targets.valid_BT.tolist() == [[True, False], [True, True]]
    assert whole.images_B3HW[:, 0, 0, 0].tolist() == [255, 51]
    assert torch.equal(other.images_B3HW, toy_batch((102, [])).images_B3HW)


def test_the_other_processes_follow():
    other = Played(1, 2)
    with pytest.raises(StoppedByRank0):
        whole_batches_at_first([toy_batch((255, [1]))], other)
    assert other.left


def test_a_process_that_is_alone_keeps_its_window():
    window = [toy_batch((255, [1]))]
    assert whole_batches_at_first(window, SINGLE_PROCESS) is window
