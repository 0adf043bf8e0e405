"""The importance of weights by squared gradients, against numbers worked out by hand."""

import math

import numpy as np
import pytest
import torch

from tests.training.test_learner import Toy, toy_loss
from tests.training.tiny import PREPROCESS, training_config
from yolozu.data.dataset import Sample, ValidationImages
from yolozu.training.squared_gradients import chosen_images, mean_squared_gradients


def sample(number, grey, labels):
    image, placement = PREPROCESS.letterbox(np.full((64, 64, 3), grey, dtype=np.uint8))
    boxes = np.full((len(labels), 4), 0.5, dtype=np.float32)
    return Sample(
        image_HW3=image, labels=np.array(labels, dtype=np.int64), boxes_cxcywh=boxes, placement=placement, index=number,
        poses=None,
    )  # fmt: skip


def squares(images, numbers, *, loss=toy_loss, network=None):
    network = Toy() if network is None else network
    told = []
    found, left_out = mean_squared_gradients(
        network,
        loss,
        images,
        numbers,
        names=["backbone.weight"],
        preprocess=PREPROCESS,
        seed=0,
        device=torch.device("cpu"),
        each=lambda: told.append(1),
    )
    assert len(told) == len(numbers)
    return found["backbone.weight"].item(), left_out


IMAGES = {0: sample(0, 255, [1]), 1: sample(1, 255, [2, 0]), 2: sample(2, 255, []), 3: sample(3, 255, [7])}


def test_squares_of_single_images_are_averaged():
    """At w = 0.5 with x = 1: image 0 has gradient 2 (0.5 - 1) = -1, image 1 the mean of -3 and 1, image 2 none."""
    assert squares(IMAGES, [0]) == (1.0, [])
    assert squares(IMAGES, [0, 1, 2]) == (pytest.approx((1.0 + 1.0 + 0.0) / 3), [])


def test_an_image_without_a_finite_gradient_is_left_out_and_named():
    def cliff(output, targets, step=None):
        total, terms = toy_loss(output, targets)
        return (total * math.nan if 7 in targets.labels_BT else total), terms

    assert squares(IMAGES, [0, 3], loss=cliff) == (1.0, [3])
    assert squares(IMAGES, [3], loss=cliff) == (0.0, [3])


def test_images_are_chosen_by_the_seed():
    first = chosen_images(20, 5, seed=1)
    assert first == sorted(set(first)) == chosen_images(20, 5, seed=1) != chosen_images(20, 5, seed=2)
    assert chosen_images(3, 5, seed=1) == [0, 1, 2]


@pytest.mark.slow
def test_a_detector_s_are_a_function_of_weights_seed_and_images(tiny):
    materials = tiny.materials(training_config())
    detector, images = materials.detector, ValidationImages(tiny.train, PREPROCESS)
    names = [name for name, _ in detector.named_parameters()]

    def found(seed=3):
        return mean_squared_gradients(
            detector, materials.loss, images, [0, 1, 10], names=names, preprocess=PREPROCESS, seed=seed,
            device=torch.device("cpu"), each=lambda: None,
        )[0]  # fmt: skip

    buffers = [buffer.clone() for buffer in detector.buffers()]
    first = found()
    torch.rand(1)
    again, other = found(), found(seed=4)
    assert all(torch.equal(tensor, again[name]) for name, tensor in first.items())
    assert not torch.equal(first["denoising.embedding.weight"], other["denoising.embedding.weight"])
    assert all(torch.equal(before, after) for before, after in zip(buffers, detector.buffers(), strict=True))
    reached = {name for name, tensor in first.items() if bool((tensor > 0).any())}
    assert {"selector.logits.weight", "decoder.heads.logits.0.weight", "decoder.heads.logits.1.weight"} <= reached
