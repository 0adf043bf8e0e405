"""How much work stages are."""

import pytest

from yolozu.app.expected_time.work import WORK, training_steps, work_of
from yolozu.stages.registry import STAGES

KEYS = {"batch_size": 4, "image_size": 64, "max_steps": 10, "epochs": None, "parity_images": 8, "max_images": None}
SCENES = {"synth_images": 8, "synth_val_images": 2, "synth_size": 64}
COUNTS = {"train_images": 9, "val_images": 3, "predict_images": 5}


def test_every_stage_says_what_its_work_is():
    assert list(WORK) == list(STAGES)


@pytest.mark.parametrize(
    ("stage", "keys", "work"),
    [
        ("train", {}, 10 * 4 * 64 * 64),
        ("train", {"image_size": [32, 64], "gradient_accumulation_steps": 2}, 10 * 4 * 2 * 32 * 64),
        ("train", {"max_steps": None, "epochs": 2}, 2 * 3 * 4 * 64 * 64),
        ("prepare_data", {"dataset_root": "data"}, 12),
        (
            "prepare_data",
            {"dataset_root": "synthetic", "synth_images": 8, "synth_val_images": 2, "synth_size": 64},
            40960,
        ),
        ("predict", {}, 5 * 64 * 64),
        ("predict", {"max_images": 2}, 2 * 64 * 64),
        ("evaluate", {}, 5),
        ("onnx_parity", {}, 8 * 64 * 64),
        ("export_precisions", {"calibration_images": 6}, 6 * 64 * 64),
        ("runtime_parity", {"export_precisions": ["int8"], "parity_runtimes": ["onnxruntime"]}, 3 * 2 * 64 * 64),
        ("runtime_parity", {"parity_runtimes": ["onnxruntime", "openvino"]}, 3 * 2 * 64 * 64),
        ("export_onnx", {}, 1),
        ("of_a_package", {}, 1),
    ],
)
def test_work_grows_with_steps_images_and_pixels(stage, keys, work):
    assert work_of(stage, {**KEYS, **keys}, COUNTS) == work


def test_what_depends_on_images_that_nobody_counted_is_not_known():
    assert work_of("predict", KEYS, {}) is None
    assert work_of("prepare_data", {"dataset_root": "data"}, {}) is None
    assert work_of("train", {**KEYS, "epochs": 2}, {}) is None
    assert work_of("train", KEYS, {}) is not None


@pytest.mark.parametrize(
    ("keys", "steps"), [({}, 10), ({"epochs": 2}, 6), ({"epochs": 9}, 10), ({"max_steps": None}, None)]
)
def test_the_smaller_limit_is_the_number_of_steps(keys, steps):
    assert training_steps({**KEYS, **keys}, COUNTS) == steps
