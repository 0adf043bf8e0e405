"""Objects that only a teacher sees: which they are, and what becomes of them."""

from dataclasses import replace

import pytest
import torch

from tests.fixtures.poses import with_poses
from tests.training.played import Played
from tests.training.test_criterion import criterion
from tests.training.test_criterion import output as said_of
from tests.training.test_self_distillation import learner_of, teaching
from tests.training.tiny import PREPROCESS, training_config
from yolozu.data.collate import collate
from yolozu.model.denoising import DenoisingGroups
from yolozu.model.outputs import DetectorOutput
from yolozu.structures.targets import Targets, Unlabeled, concatenated
from yolozu.training.batch_sharding import shares_of
from yolozu.training.distributed import SINGLE_PROCESS
from yolozu.training.pseudo_labels import PseudoLabeling, spared_classes, unlabeled_objects, with_targets
from yolozu.training.teacher import Memory

LABEL = [0.3, 0.3, 0.2, 0.2]
ELSEWHERE, BESIDE, HALF = [0.7, 0.7, 0.2, 0.2], [0.7, 0.72, 0.2, 0.2], [0.3, 0.35, 0.2, 0.2]
"""`BESIDE` overlaps `ELSEWHERE` by .82, `HALF` the label by .6."""

NONE = Targets(torch.zeros(1, 0, dtype=torch.int64), torch.zeros(1, 0, 4), torch.zeros(1, 0, dtype=torch.bool))


def saying(*detections):
    """A teacher's word about one image: (box, scores of its two classes) of each query."""
    boxes, scores = (torch.tensor([list(column)]) for column in zip(*detections, strict=True))
    return DetectorOutput(scores.logit(), boxes)


def labels(*boxes, room=2):
    missing = room - len(boxes)
    return Targets(
        torch.tensor([[2] * len(boxes) + [0] * missing]),
        torch.tensor([[*boxes, *[[0.0] * 4] * missing]]),
        torch.tensor([[True] * len(boxes) + [False] * missing]),
    )


def kept(found):
    """(class, box) of each object, the most confident first."""
    return [
        (label, [round(value, 4) for value in box])
        for label, box, valid in zip(
            found.labels_BU[0].tolist(), found.boxes_BU4[0].tolist(), found.valid_BU[0].tolist(), strict=True
        )
        if valid
    ]


def test_confident_detections_away_from_labels_are_objects():
    said = saying((LABEL, [0.9, 0.1]), (ELSEWHERE, [0.2, 0.6]), ([0.2, 0.8, 0.1, 0.1], [0.49, 0.1]))
    found = unlabeled_objects(said, labels(LABEL), score=0.5)
    assert (kept(found), found.num_classes) == ([(1, ELSEWHERE)], 2)
    assert kept(unlabeled_objects(said, labels(LABEL), score=0.45)) == [(1, ELSEWHERE), (0, [0.2, 0.8, 0.1, 0.1])]
    assert kept(unlabeled_objects(said, labels(LABEL), score=0.7)) == []


def test_labels_win_whatever_the_class_and_padding_is_no_label():
    said = saying((HALF, [0.9, 0.1]), (ELSEWHERE, [0.2, 0.6]))
    assert kept(unlabeled_objects(said, labels(LABEL), score=0.5)) == [(1, ELSEWHERE)]
    assert kept(unlabeled_objects(said, NONE, score=0.5)) == [(0, HALF), (1, ELSEWHERE)]
    padded = replace(labels(LABEL), valid_BT=torch.tensor([[False, False]]))
    assert len(kept(unlabeled_objects(said, padded, score=0.5))) == 2


def test_what_is_seen_twice_counts_once_as_the_more_confident_says():
    said = saying((BESIDE, [0.6, 0.1]), (ELSEWHERE, [0.2, 0.8]))
    assert kept(unlabeled_objects(said, NONE, score=0.5)) == [(1, ELSEWHERE)]


def objects(*found, num_classes=2):
    """(class, box) of one image."""
    classes, boxes = zip(*found, strict=True)
    return Unlabeled(
        torch.tensor([classes]), torch.tensor([list(boxes)]), torch.ones(1, len(found), dtype=torch.bool), num_classes
    )


def test_they_stand_behind_the_labels_of_their_image_and_have_no_pose():
    truth = Targets(
        torch.tensor([[2, 1, 1], [2, 0, 0]]),
        torch.rand(2, 3, 4) * 0.5,
        torch.tensor([[True] * 3, [True, False, False]]),
    )
    seen = Unlabeled(
        torch.tensor([[0, 1], [1, 0]]), torch.tensor([[ELSEWHERE, BESIDE], [LABEL, HALF]]),
        torch.tensor([[False, True], [True, True]]), 2,
    )  # fmt: skip
    found = with_targets(with_poses(truth), seen)
    assert found.labels_BT.tolist() == [[2, 1, 1, 1], [2, 1, 0, 0]]
    assert found.counts == [4, 3]
    assert found.labeled_BT.tolist() == [[True] * 3 + [False], [True] + [False] * 3]
    torch.testing.assert_close(found.boxes_BT4[0, 3], torch.tensor(BESIDE))
    torch.testing.assert_close(found.boxes_BT4[1, 1:], torch.tensor([LABEL, HALF, [0.0] * 4]))
    assert found.poses.has_pose_BT.shape == (2, 4)
    assert not (found.poses.has_pose_BT & ~found.labeled_BT).any()


def test_queries_on_them_are_spared_unless_they_belong_to_a_label():
    boxes = torch.tensor([[[LABEL, BESIDE, ELSEWHERE]], [[BESIDE, LABEL, HALF]]])
    stacked = {"boxes": boxes, "logits": torch.zeros(2, 1, 3, 3)}
    truth = labels(LABEL)
    masked = replace(truth, not_background=objects((0, ELSEWHERE)))
    found = spared_classes(stacked, masked, torch.tensor([2, 4]))
    assert found.tolist() == [[False] * 3, [True, True, False], [False] * 3, [True, True, False], *[[False] * 3] * 2]
    assert spared_classes(stacked, truth, torch.tensor([2, 4])) is None


def test_classes_of_which_labels_say_nothing_are_spared_on_all_queries_without_an_object():
    stacked = {"boxes": torch.rand(2, 2, 2, 4), "logits": torch.zeros(2, 2, 2, 3)}
    truth = replace(concatenated([labels(LABEL), labels(LABEL)]), labeled_classes=[None, (0, 2)])
    found = spared_classes(stacked, truth, torch.tensor([3, 4]))
    silent, taught = [False, True, False], [False] * 3
    assert found.tolist() == [taught, taught, silent, taught, taught, taught, silent, silent]


def test_spared_queries_add_nothing_to_the_loss_of_classes():
    """Two queries, the label's and one on an object that no label tells of: as if the second said nothing."""
    truth = labels(LABEL, room=1)
    masked = replace(truth, not_background=objects((0, ELSEWHERE), num_classes=2))
    said = {
        "boxes": torch.tensor([[[LABEL, ELSEWHERE]]]),
        "logits": torch.tensor([[[[-9.0, -9.0, 9.0], [2.0, 1.0, -9.0]]]]),
    }
    output = DetectorOutput(said["logits"][0], said["boxes"][0])
    silent = DetectorOutput(torch.tensor([[[-9.0, -9.0, 9.0], [-9.0, -9.0, -9.0]]]), said["boxes"][0])
    loss = criterion()
    background, spared, nothing = (
        loss.of_predictions(out, targets)[1]["vfl"].item()
        for out, targets in ((output, truth), (output, masked), (silent, truth))
    )
    assert background > 1.0
    assert spared == pytest.approx(nothing, abs=1e-6)


def test_denoising_knows_labels_alone():
    """What the objective of denoising queries says stays, but for being divided by more objects."""
    truth = labels(LABEL)
    output = said_of(batch=1, groups=DenoisingGroups(num_groups=2, num_objects=2))
    plain = criterion()(output, truth)[1]["denoising"]
    found = criterion()(output, with_targets(truth, objects((0, ELSEWHERE))))[1]["denoising"]
    assert found.item() == pytest.approx(plain.item() / 2, rel=1e-5)


class Seeing:
    """A teacher that sees the same in every image; counts how often it looks."""

    def __init__(self, *detections):
        self.one, self.looks = saying(*detections), 0

    def encode(self, images_B3HW):
        self.looks += 1
        return Memory(images_B3HW, ((8, 8),))

    def detections(self, memory):
        count = len(memory.memory_BSD)
        return DetectorOutput(self.one.pred_logits.expand(count, -1, -1), self.one.pred_boxes.expand(count, -1, -1))


SEES = ((ELSEWHERE, [0.9, 0.1]), ([0.2, 0.2, 0.1, 0.1], [0.6, 0.1]))


def labeling(**changes):
    taught = teaching(**{"pseudo_labels": "train", **changes})
    return PseudoLabeling(Seeing(*SEES), taught, PREPROCESS, torch.device("cpu"))


@pytest.fixture
def images(tiny):
    found = tiny.materials(training_config()).train_images
    return lambda *numbers: collate([found[0, number] for number in numbers])


def objects_in(batch):
    """Labels and what is seen besides."""
    seen = unlabeled_objects(Seeing(*SEES).detections(Memory(batch.images_B3HW, ())), batch.targets, score=0.5)
    return int(batch.targets.valid_BT.sum() + seen.valid_BU.sum())


def test_parts_count_by_all_their_objects(images):
    window = [images(0, 1, 2), images(10, 3)]
    counts = [objects_in(batch) for batch in window]
    assert counts != [int(batch.targets.valid_BT.sum()) for batch in window]
    shares = labeling().look(shares_of(window, SINGLE_PROCESS), SINGLE_PROCESS)
    assert [share.weight for share in shares] == pytest.approx([count / sum(counts) for count in counts])
    masking = labeling(pseudo_labels="mask").look(shares_of(window, SINGLE_PROCESS), SINGLE_PROCESS)
    assert [share.weight for share in masking] == [share.weight for share in shares_of(window, SINGLE_PROCESS)]


def test_processes_count_together_and_one_without_images_takes_part(images):
    batch = images(0, 1)
    (share,) = shares_of([batch], SINGLE_PROCESS)
    own = objects_in(batch)
    (found,) = labeling().look([share], Played(1, 2, {0: [3]}))
    assert found.weight == pytest.approx(own / (own + 3))
    nobody = replace(share, batch=replace(batch, indices=[]), weight=0.0)
    (idle,) = labeling().look([nobody], Played(0, 2, {1: [7]}))
    assert idle.seen is None


def test_what_becomes_of_them(images):
    (share,) = shares_of([images(0, 1)], SINGLE_PROCESS)
    truth, training, masking = share.batch.targets, labeling(), labeling(pseudo_labels="mask", weight=0.0)
    (seen,) = training.look([share], SINGLE_PROCESS)
    assert sum(training.added_to(truth, seen).counts) == objects_in(share.batch)
    masked = masking.added_to(truth, share)
    assert masked.counts == truth.counts
    assert int(masked.not_background.valid_BU.sum()) == objects_in(share.batch) - sum(truth.counts)


def test_the_teacher_looks_once(images):
    (share,) = shares_of([images(0, 1)], SINGLE_PROCESS)
    training = labeling()
    (seen,) = training.look([share], SINGLE_PROCESS)
    training.added_to(share.batch.targets, seen)
    assert training._teacher.looks == 1
    assert seen.seen.memory is not None
    assert labeling(weight=0.0).look([share], SINGLE_PROCESS)[0].seen.memory is None


@pytest.mark.slow
@pytest.mark.parametrize("amp", ["none", "bf16"])
@pytest.mark.parametrize("kind", ["train", "mask"])
def test_a_step_learns_from_them(tiny, images, amp, kind):
    taught = teaching(pseudo_labels=kind, pseudo_label_score=0.002)  # an untrained teacher says .003
    window = [images(0, 1), images(2, 10)]
    plain, found = (
        learner_of(tiny, one, amp=amp).learn(window, 0) for one in (replace(taught, pseudo_labels="none"), taught)
    )
    assert found.losses["self_distill"] == pytest.approx(plain.losses["self_distill"], rel=1e-2)
    assert found.losses["vfl"] != plain.losses["vfl"]
    assert (found.losses["bbox"] == pytest.approx(plain.losses["bbox"], rel=1e-4)) is (kind == "mask")


@pytest.mark.slow
def test_labels_stay_as_they_are_while_single_heads_learn(tiny_poses):
    found = tiny_poses.materials(training_config()).train_images
    window = [collate([found[0, 0], found[0, 1]])]
    taught = teaching(pseudo_labels="train", pseudo_label_score=0.002)
    learners = [learner_of(tiny_poses, one, stage_off_steps=1, stage_k_steps=0) for one in (None, taught)]
    plain, watched = (learner.learn(window, 0).losses for learner in learners)
    assert watched == plain
    assert learners[1].learn(window, 1).losses["total"] != learners[0].learn(window, 1).losses["total"]
