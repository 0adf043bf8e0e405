from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from yolozu.contract.sections.data import PreprocessSection
from yolozu.data.preprocess import Preprocess, normalize_images
from yolozu.errors import InputError

IMAGENET = Preprocess(32, 64, 114, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
PLAIN = Preprocess(32, 64, 114)


def test_a_contract_gives_height_and_width():
    assert Preprocess.from_section(PreprocessSection(image_size=(32, 64), letterbox_fill=7)) == Preprocess(32, 64, 7)
    assert Preprocess.from_section(PreprocessSection(image_size=96)) == Preprocess(96, 96, 114)


@pytest.mark.parametrize("preprocess", [PLAIN, IMAGENET])
def test_it_comes_back_from_json(preprocess):
    assert Preprocess.from_json(json.loads(json.dumps(preprocess.to_json()))) == preprocess


@pytest.mark.parametrize(
    "change", [{"color": "bgr"}, {"resize": "stretch"}, {"mean": [0.0]}, {"height": None}, {"more": 1}]
)
def test_what_this_version_does_not_do_is_refused(change):
    with pytest.raises(InputError, match="YZ208"):
        Preprocess.from_json({**PLAIN.to_json(), **change})


def test_the_letterbox_centers_the_image_on_the_fill():
    canvas, placement = PLAIN.letterbox(np.zeros((64, 64, 3), dtype=np.uint8))
    assert (placement.scale, placement.pad_x_px, placement.pad_y_px) == (0.5, 16.0, 0.0)
    assert (canvas[:, :16] == 114).all()
    assert (canvas[:, 16:48] == 0).all()
    assert (canvas[:, 48:] == 114).all()


@pytest.mark.parametrize("preprocess", [PLAIN, IMAGENET])
def test_numpy_and_torch_agree_bit_for_bit(preprocess):
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 64, 3), dtype=np.uint8)
    expected = (images.transpose(0, 3, 1, 2) / 255 - np.array(preprocess.mean)[:, None, None]) / np.array(
        preprocess.std
    )[:, None, None]
    by_numpy = preprocess.to_network(images)
    by_torch = normalize_images(torch.from_numpy(images).permute(0, 3, 1, 2), preprocess)
    assert (by_numpy.dtype, by_torch.dtype) == (np.float32, torch.float32)
    np.testing.assert_array_equal(by_numpy, by_torch.numpy())
    np.testing.assert_allclose(by_numpy, expected, atol=1e-6)
    assert by_torch.is_contiguous(memory_format=torch.channels_last)


def test_the_border_has_the_color_that_a_letterboxed_image_has_there():
    preprocess = Preprocess(64, 64, 114, mean=(0.4, 0.5, 0.6), std=(0.5, 0.25, 0.2))
    canvas, _ = preprocess.letterbox(np.zeros((10, 64, 3), dtype=np.uint8))
    np.testing.assert_allclose(preprocess.border(), preprocess.to_network(canvas[None])[0, :, 0, 0], rtol=1e-5)
