from __future__ import annotations

import json

import pytest

from yolozu.artifacts.parity_report import (
    ComparedInputs,
    Differences,
    Matched,
    OnnxRuntimeUsed,
    ParityReport,
    Selection,
    Thresholds,
    read_parity_report,
    write_parity_report,
)
from yolozu.errors import InputError

NOTHING = Differences(max=None, mean=None, p50=None, p90=None, p99=None, non_finite=4)
REPORT = ParityReport(
    timestamp="2026-01-02T03:04:05.678+00:00",
    passed=False,
    policy="warn",
    reason="pred_boxes are not finite on images/val/7.jpg at batch size 3",
    thresholds=Thresholds(score_atol=1e-4, bbox_atol=1e-4, rot_deg=0.1, t_mm=0.1),
    inputs=ComparedInputs(
        images=["images/val/7.jpg"],
        images_requested=8,
        batch_sizes=[1, 3],
        height=64,
        width=96,
        images_without_camera=None,
    ),
    outputs={"pred_logits": NOTHING, "pred_boxes": NOTHING},
    selection=Selection(score_max=0.5, reordered=1, tied=0, other=2),
    matched=Matched(
        pairs=0, unmatched=3, tied=0, iou_min=None, score_max=None, label_flips=0, rot_deg_max=None, t_mm_max=None
    ),
    onnxruntime=OnnxRuntimeUsed(version="1.32.0", providers=["CPUExecutionProvider"]),
    onnx_sha256="a",
    checkpoint_sha256="b",
)


def test_a_report_reads_as_it_was_written(tmp_path):
    write_parity_report(tmp_path / "onnx_parity.json", REPORT)
    assert read_parity_report(tmp_path / "onnx_parity.json") == REPORT


def test_everything_wrong_with_a_report_is_named(tmp_path):
    value = REPORT.model_dump(mode="json")
    value["passed"] = "yes"
    value["matched"]["extra"] = 1
    path = tmp_path / "onnx_parity.json"
    path.write_text(json.dumps(value))
    with pytest.raises(InputError) as refused:
        read_parity_report(path)
    fix = "  fix: take an unedited copy, or run the parity stage again"
    assert str(refused.value) == (
        f"{path}: passed: YZ607 Input should be a valid boolean\n{fix}\n"
        f"{path}: matched.extra: YZ607 Extra inputs are not permitted\n{fix}"
    )
