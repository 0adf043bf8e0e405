"""The form of files of columns."""

import json
import zipfile
from itertools import pairwise

import numpy as np
import pytest

from tests.artifacts.predictions.test_write import image
from yolozu.artifacts.predictions.columns_file import ColumnsFile, one_order, part_of, write_columns

BOXES = ((0.5, 0.4, 0.2, 0.1), (0.25, 0.5, 0.125, 1.0))
DEPTH = {"log_z": np.array([-0.25, np.nan])}


def write(path, *parts, meta=()):
    return write_columns(path, [part_of(part) for part in parts], dict(meta), predictions_sha256="ab" * 32)


def test_anybody_can_read_the_columns(tmp_path):
    path = tmp_path / "p.npz"
    assert write(path, [image("ü.jpg", boxes=()), image(boxes=BOXES, poses=DEPTH)], meta={"adapter": "x"})
    with np.load(path) as arrays:
        assert json.loads(arrays["head.json"]) == {
            "schema_version": 1,
            "predictions_sha256": "ab" * 32,
            "meta": {"adapter": "x", "bbox_format": "cxcywh_norm"},
            "images": 2,
            "detections": 2,
            "poses": ["log_z"],
        }
        size = {"width": 640, "height": 480}
        assert json.loads(arrays["entries.json"]) == [
            {"image": "ü.jpg", "image_size": size},
            {"image": "images/val/1.jpg", "image_size": size},
        ]
        columns = {name: arrays[name] for name in arrays.files if not name.endswith(".json")}
    assert {name: (column.dtype.str, column.tolist()) for name, column in columns.items()} == {
        "image_index": ("<i8", [1, 1]),
        "class_ids": ("<i8", [0, 1]),
        "scores": ("<f8", [1.0, 0.5]),
        "boxes_cxcywh": ("<f8", [list(box) for box in BOXES]),
        "log_z": ("<f8", [-0.25, pytest.approx(np.nan, nan_ok=True)]),
    }


@pytest.mark.parametrize("cuts", [(0, 1, 4), (0, 0, 2, 3, 4), (0, 4, 4)])
def test_parts_give_the_bytes_of_the_whole(tmp_path, cuts):
    entries = [image("a.jpg"), image("b.jpg", boxes=BOXES, poses=DEPTH), image("c.jpg", boxes=()), image("d.jpg")]
    assert write(tmp_path / "whole.npz", entries)
    parts = [entries[start:end] for start, end in pairwise(cuts)]
    assert write(tmp_path / "parts.npz", *parts)
    assert (tmp_path / "parts.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()


def test_a_file_is_a_part_of_another(tmp_path):
    entries = [image("a.jpg", boxes=BOXES, poses=DEPTH), image("b.jpg")]
    for place, entry in enumerate(entries):
        write(tmp_path / f"{place}.npz", [entry])
    with ColumnsFile(tmp_path / "0.npz") as first, ColumnsFile(tmp_path / "1.npz") as second:
        parts = [first.as_part(), second.as_part()]
        write_columns(tmp_path / "joined.npz", parts, {}, predictions_sha256="ab" * 32)
    write(tmp_path / "whole.npz", entries)
    assert (tmp_path / "joined.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()


def test_what_columns_cannot_say_is_no_part():
    assert part_of([image(), image(extras=({"note": 1},))]) is None
    first = image(poses={"log_z": np.array([0.5]), "sigma_z": np.array([0.5])})
    other_order = image(poses={"sigma_z": np.array([0.5]), "log_z": np.array([0.5])})
    assert part_of([first, other_order]) is None


def test_parts_of_different_orders_are_not_written(tmp_path):
    first = image(poses={"log_z": np.array([0.5]), "sigma_z": np.array([0.5])})
    other_order = image(poses={"sigma_z": np.array([0.5]), "log_z": np.array([0.5])})
    assert not write(tmp_path / "p.npz", [first], [other_order])
    assert list(tmp_path.iterdir()) == []


def test_an_order_is_that_of_the_most_names():
    assert one_order([]) == ()
    assert one_order([("a", "c"), (), ("a", "b", "c"), ("b",)]) == ("a", "b", "c")
    assert one_order([("a", "b"), ("b", "a")]) is None
    assert one_order([("a",), ("b",)]) is None


def read_all(path):
    with ColumnsFile(path) as file:
        return [file.column(name) for name in ("image_index", "scores")]


def repack(path, change):
    """The file with other members; ``change`` gives the content of each."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, *change(name, content))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _, c: (c, zipfile.ZIP_DEFLATED), "head.json is packed"),
        (lambda _, c: (c.replace(b'"schema_version":1', b'"schema_version":2'),), "is of another version"),
        (lambda _, c: (c.replace(b"'<f8'", b"'|O8'"),), "scores is of another type or shape"),
        (lambda _, c: (c.replace(b"(1,)", b"(9,)"),), "image_index is of another type or shape"),
        (lambda n, c: (c[:-8] if n.startswith("scores") else c,), "cannot reshape"),
    ],
)
def test_files_of_another_form_are_refused_before_they_take_memory(tmp_path, change, said):
    path = tmp_path / "p.npz"
    write(path, [image()])
    repack(path, change)
    with pytest.raises(ValueError, match=said):
        read_all(path)
