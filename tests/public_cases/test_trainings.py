"""Trainings that went wrong in public, on rectangles of two colors."""

from dataclasses import replace

import pytest
import torch

from tests.model.tiny import CONFIG, NUM_CLASSES, targets
from tests.training.tiny import Tiny, make_index, training_config
from yolozu.contract.sections.losses import LossSection
from yolozu.contract.sections.matching import MatchingSection
from yolozu.contract.sections.trained_model import TrainedModelConfig
from yolozu.evaluation.quick_metrics import quick_metrics
from yolozu.model.denoising import Denoising
from yolozu.model.detector import build_detector
from yolozu.training.config import build_criterion


class Heard:
    """Progress that remembers what was said."""

    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)

    def bar(self, *_, **__):
        return self

    def advance(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    root = tmp_path_factory.mktemp("tiny")
    return Tiny(make_index(root, "train", 3, 1), make_index(root, "val", 2, 2))


# gjhhust/YOLOFT#12, ultralytics/yolov5#11131, ultralytics/yolov3#1024: held-out images without a label choose nothing.
@pytest.mark.slow
def test_a_validation_split_without_objects_keeps_the_last_model_and_stops_nothing(tiny, tmp_path):
    empty = replace(tiny, val=replace(tiny.val, records=tiny.val.records[-1:]))
    chosen, heard = training_config(max_steps=3, val_every_steps=1, early_stop_patience=1), Heard()
    materials = replace(empty.materials(chosen), score=lambda index, found: quick_metrics(index, found, None))
    summary = empty.fit(tmp_path, chosen, materials=materials, progress=heard)
    assert (summary.steps, summary.best_step, summary.best_score, summary.stopped_early) == (3, 3, None, False)
    assert any(
        "best.pt follows the last model, and early_stop_patience 1 has no effect" in line for line in heard.lines
    )


# ultralytics/ultralytics#25834, roboflow/rf-detr#639: 1,500 objects in an image made 3,000 denoising queries.
def test_denoising_stays_within_its_budget_however_many_objects_an_image_has():
    many = targets(1500, 3)
    denoising = Denoising(8, NUM_CLASSES, num_queries=100, label_noise=0.5, box_noise=1.0)
    noised = denoising(many, torch.Generator().manual_seed(0))
    assert noised.content_BND.shape == (2, 200, 8)
    assert noised.drawn.valid_BK.sum(dim=1).tolist() == [100, 3]
    again = denoising(many, torch.Generator().manual_seed(0))
    assert torch.equal(noised.box_logits_BN4, again.box_logits_BN4)
    assert denoising(targets(50, 3), torch.Generator().manual_seed(0)).drawn is None


# kbressem/faimed3d#68, scverse/scvi-tools#2314, yassouali/pytorch-segmentation#8: "more than 1 value per channel"
def test_a_short_last_batch_of_one_cell_trains():
    config = {**CONFIG, "num_queries": 5}
    detector = build_detector(TrainedModelConfig.model_validate(config), num_classes=NUM_CLASSES).train()
    loss = build_criterion(MatchingSection(), LossSection())
    for images in (2, 1):
        pixels = torch.rand(images, 3, 32, 32, generator=torch.Generator().manual_seed(0))
        total, _ = loss(detector(pixels, targets(*[1] * images)), targets(*[1] * images))
        total.backward()
    assert all(parameter.grad.isfinite().all() for parameter in detector.backbone.parameters())
