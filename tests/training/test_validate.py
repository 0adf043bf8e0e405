"""Validation: predictions in the original image, losses per object, the detector as it was."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tests.training.played import Played
from tests.training.tiny import CLASSES, MODEL, PREPROCESS, training_config
from yolozu.contract.sections.losses import LossSection
from yolozu.contract.sections.matching import MatchingSection
from yolozu.data.dataset import ValidationImages
from yolozu.evaluation.boxes.coco import evaluate_coco
from yolozu.model.detector import build_detector
from yolozu.model.outputs import DetectorOutput
from yolozu.training.batches import Loading
from yolozu.training.config import build_criterion
from yolozu.training.distributed import SINGLE_PROCESS
from yolozu.training.validate import Validator


class Oracle(nn.Module):
    """Says what is in the images, in the order of the index."""

    def __init__(self, index):
        super().__init__()
        self.records = iter(index.records)

    def forward(self, images):
        logits, boxes = torch.full((len(images), 4, len(CLASSES)), -10.0), torch.full((len(images), 4, 4), 0.1)
        for row in range(len(images)):
            record = next(self.records)
            for query, (label, box) in enumerate(zip(record.class_indices, record.boxes_cxcywh, strict=True)):
                logits[row, query, int(label)] = 10.0
                boxes[row, query] = torch.from_numpy(box).float()
        return DetectorOutput(logits, boxes)


def validator(tiny, score, **changes):
    chosen = training_config()
    keys = {
        "index": tiny.val,
        "images": ValidationImages(tiny.val, PREPROCESS),
        "preprocess": PREPROCESS,
        "loss": build_criterion(MatchingSection(), LossSection()),
        "score": score,
        "score_threshold": 0.5,
        "max_detections": 10,
        "batch_size": chosen.loop.batch_size,
        "device": torch.device("cpu"),
        "loading": Loading(),
    }
    return Validator(**{**keys, **changes})


def never():
    return False


def test_a_perfect_detector_scores_one_and_its_boxes_are_those_of_the_index(tiny):
    given = []

    def score(index, predictions):
        given.extend(predictions)
        return evaluate_coco(index, predictions, engine="hotcoco").metrics

    found = validator(tiny, score)(Oracle(tiny.val), stopping=never, tell=print)
    assert found.metrics["map50_95"] == pytest.approx(1.0)
    assert [entry.image for entry in given] == [record.image for record in tiny.val.records]
    for entry, record in zip(given, tiny.val.records, strict=True):
        assert sorted(entry.class_ids.tolist()) == sorted(np.array(CLASSES.category_ids)[record.class_indices].tolist())
        found_boxes, boxes = sorted(entry.boxes_cxcywh.tolist()), sorted(record.boxes_cxcywh.tolist())
        assert np.array(found_boxes) == pytest.approx(np.array(boxes), abs=1e-6)
    assert set(found.losses) == {"total", "vfl", "bbox", "giou"}
    assert found.losses["bbox"] == pytest.approx(0.0, abs=1e-5)
    assert found.losses["total"] == pytest.approx(sum(found.losses.values()) / 2, rel=1e-5)


def test_losses_are_per_object_whatever_the_batch_size(tiny):
    torch.manual_seed(0)
    detector = build_detector(MODEL, num_classes=len(CLASSES))
    score = lambda *_: {"map50_95": 0.0}
    found = {
        size: validator(tiny, score, batch_size=size, index=replace(tiny.val, records=tiny.val.records[:2]))(
            detector, stopping=never, tell=print
        ).losses
        for size in (1, 2)
    }
    assert found[1] == pytest.approx(found[2], rel=1e-5)


def test_the_detector_is_validated_in_eval_mode_without_gradients_and_stays_as_it_is(tiny):
    torch.manual_seed(0)
    detector = build_detector(MODEL, num_classes=len(CLASSES)).train()
    before = {name: tensor.clone() for name, tensor in detector.state_dict().items()}
    validator(tiny, lambda *_: {"map50_95": 0.0})(detector, stopping=never, tell=print)
    assert not detector.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in detector.state_dict().items())
    assert all(parameter.grad is None for parameter in detector.parameters())


def test_a_stop_between_batches_gives_nothing(tiny):
    def score(index, predictions):
        raise AssertionError("nothing to score")

    answers = iter([False, True])
    assert validator(tiny, score)(Oracle(tiny.val), stopping=lambda: next(answers), tell=print) is None


def test_a_long_validation_tells_how_far_it_is(tiny, monkeypatch):
    monkeypatch.setattr("yolozu.training.validate.TELL_EVERY_S", -1.0)
    told = []
    validator(tiny, lambda *_: {"map50_95": 0.0})(Oracle(tiny.val), stopping=never, tell=told.append)
    assert told == ["validating 2/3", "validating 3/3"]


def test_the_first_process_sums_up_what_all_have_seen_in_the_order_of_the_index(tiny):
    """Three images one by one: the first process has the first and the last, the other one the one between."""
    torch.manual_seed(0)
    detector = build_detector(MODEL, num_classes=len(CLASSES))
    score = lambda _, predictions: {"map50_95": float(len(predictions)), "order": [it.image for it in predictions]}
    judge = lambda processes: validator(tiny, score, batch_size=1, processes=processes)(
        detector, stopping=never, tell=print
    )
    sent = []

    class Second(Played):
        def to_first(self, value):
            sent.append(value)

    assert judge(Second(1, 2)) is None
    assert len(sent[0]) == 1
    assert judge(Played(0, 2, {1: sent[0]})) == judge(SINGLE_PROCESS)
