"""``init.json`` is read as it was written, or refused."""

import json

import pytest

from yolozu.artifacts.init_report import InitClass, InitReport, InitRow, read_init_report, write_init_report
from yolozu.errors import InputError

REPORT = InitReport(
    timestamp="2026-01-02T03:04:05.678+00:00",
    init_from="weights/r18.pth",
    files={"r18.pth": "a" * 64},
    kind="an official RT-DETR, its ema.module",
    head_init="remap",
    table=[InitRow(part="selector", action="remapped", tensors=2, values_from_file=257, values_new=257)],
    classes=[
        InitClass(index=0, name="person", from_index=0, from_name="person"),
        InitClass(index=1, name="robot", from_index=None, from_name=None),
    ],
    left_out=[],
    notes=["the file does not name its 80 classes; taken for those of COCO"],
)


def test_it_is_read_as_it_was_written(tmp_path):
    write_init_report(tmp_path / "init.json", REPORT)
    assert read_init_report(tmp_path / "init.json") == REPORT
    written = json.loads((tmp_path / "init.json").read_text())
    assert (written["schema_version"], written["table"][0]["action"]) == (1, "remapped")


def test_something_else_is_refused(tmp_path):
    (tmp_path / "init.json").write_text(json.dumps({**REPORT.model_dump(), "head_init": "guess"}))
    with pytest.raises(InputError) as caught:
        read_init_report(tmp_path / "init.json")
    assert str(caught.value) == (
        f"{tmp_path / 'init.json'}: head_init: YZ415 Input should be 'reinit', 'extend' or 'remap'\n"
        "  fix: take an unedited copy, or train again"
    )
