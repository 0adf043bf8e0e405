from __future__ import annotations

import hashlib
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import onnx
import pytest

from yolozu.data.index import images_digest
from yolozu.errors import GateFailed, InputError
from yolozu.export import quantize as quantizing
from yolozu.export.precisions import calibration_split, export_precisions
from yolozu.model.onnx_network import OnnxNetwork
from yolozu.progress import SilentProgress


@pytest.fixture(autouse=True)
def few_blocks(monkeypatch):
    """Three blocks stand for all: each costs a network to make and to run."""
    whole = quantizing.blocks_of
    monkeypatch.setattr(quantizing, "blocks_of", lambda layers: dict(list(whole(layers).items())[:3]))


def made(exported, tmp_path, *names, index=None, **options):
    targets = {name: (tmp_path / f"{name}.onnx", f"exports/model.{name}.onnx") for name in names}
    given = {"calibration_images": 64, "max_error": 1.0, "progress": SilentProgress(), **options}
    return export_precisions(exported.onnx, exported.index if index is None else index, targets, **given)


def kinds(path):
    return [node.op_type for node in onnx.load(path).graph.node]


def outputs_of(path):
    images = np.random.default_rng(0).random((2, 3, 64, 96), dtype=np.float32)
    return OnnxNetwork(path, threads=1)(images)


def test_half_weights_change_little_and_halve_the_file(exported, tmp_path):
    report = made(exported, tmp_path, "fp16")
    assert report.files["fp16"].bytes < 0.75 * exported.onnx.stat().st_size
    assert report.int8 is None
    whole, half = outputs_of(exported.onnx), outputs_of(tmp_path / "fp16.onnx")
    assert 0 < np.abs(whole["pred_logits"] - half["pred_logits"]).max() < 1.0


@pytest.mark.slow
def test_whole_numbers_are_an_exported_file_like_any_other(exported_pose, tmp_path):
    report = made(exported_pose, tmp_path, "int8")
    assert report.files["int8"].file == "exports/model.int8.onnx"
    assert (
        OnnxNetwork(tmp_path / "int8.onnx", threads=1).metadata == OnnxNetwork(exported_pose.onnx, threads=1).metadata
    )
    assert {block.precision for block in report.int8.blocks} == {"int8"}
    assert "QuantizeLinear" in kinds(tmp_path / "int8.onnx")
    calibration, held_out = calibration_split(exported_pose.index.records, 64)
    assert report.int8.calibration_sha256 == images_digest(calibration)
    assert (report.int8.calibration_images, report.int8.measured_images) == (4, 1) == (len(calibration), len(held_out))


@pytest.mark.slow
def test_the_same_inputs_give_the_same_bytes_in_any_order(exported, tmp_path):
    index = exported.index
    turned = replace(index, records=list(reversed(list(index.records))))
    (tmp_path / "a").mkdir()
    first = made(exported, tmp_path, "int8")
    second = made(exported, tmp_path / "a", "int8", index=turned)
    assert first.files == second.files
    assert first.int8 == second.int8


@pytest.mark.slow
def test_the_most_sensitive_blocks_stay_in_float(exported, tmp_path):
    errors = {block.name: block.error for block in made(exported, tmp_path, "int8").int8.blocks}
    limit = sorted(errors.values())[len(errors) // 2]
    report = made(exported, tmp_path, "int8", max_error=limit)
    assert report.int8.error <= limit
    kept = [block.error for block in report.int8.blocks if block.precision == "fp32"]
    quantized = [block.error for block in report.int8.blocks if block.precision == "int8"]
    assert max(quantized) <= min(kept)


def test_a_network_that_cannot_be_quantized_within_the_limit_is_refused(exported, tmp_path, monkeypatch):
    monkeypatch.setattr(quantizing, "disagreement", lambda *_: 0.5)
    with pytest.raises(GateFailed) as refused:
        made(exported, tmp_path, "int8", max_error=0.02)
    assert str(refused.value) == (
        f"{exported.onnx}: YZ649 no block can be quantized with int8_max_error: 0.02; the least harmful one alone "
        "gives 0.5\n  fix: raise int8_max_error or calibration_images, or drop int8 from export_precisions"
    )
    assert not (tmp_path / "int8.onnx").exists()


def test_one_image_is_too_few(exported, tmp_path):
    index = exported.index
    with pytest.raises(InputError, match="YZ606 1 images are too few to calibrate int8"):
        made(exported, tmp_path, "int8", index=replace(index, records=index.records[:1]))


@pytest.mark.parametrize(("images", "count", "expected"), [(100, 64, (64, 16)), (5, 64, (4, 1)), (1, 8, (0, 0))])
def test_images_are_those_with_the_smallest_digests(images, count, expected):
    records = [SimpleNamespace(image=str(n), sha256=hashlib.sha256(bytes([n])).hexdigest()) for n in range(images)]
    calibration, held_out = calibration_split(records, count)
    assert (len(calibration), len(held_out)) == expected
    in_order = sorted(record.sha256 for record in records)[: sum(expected)]
    assert [record.sha256 for record in (*calibration, *held_out)] == in_order
