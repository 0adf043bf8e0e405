"""Columns say what their predictions file says, or nothing."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.artifacts.predictions.test_write import image
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.predictions import KnownImages, load_predictions, write_predictions
from yolozu.artifacts.predictions.columns_file import columns_path, part_of, write_columns
from yolozu.artifacts.predictions.read_columns import read_columns
from yolozu.errors import InputError
from yolozu.structures.predictions import POSE_COLUMNS

META = {"adapter": "x", "seconds": 0.1, "nested": {"a": [1, None]}}


def write_both(path, entries):
    write_predictions(path, entries, META)
    part = part_of(entries)
    assert part is not None
    assert write_columns(columns_path(path), [part], META, predictions_sha256=digest_file(path))


def bits(entries):
    """All that an entry holds, to the last bit and in order."""
    return [
        (
            entry.image,
            entry.width,
            entry.height,
            [(a.dtype, a.shape, a.tobytes()) for a in (entry.class_ids, entry.scores, entry.boxes_cxcywh)],
            [(name, column.shape, column.tobytes()) for name, column in entry.poses.items()],
            (entry.extras, entry.intrinsics),
        )
        for entry in entries
    ]


def from_file_alone(path, **options):
    """What reading gives without columns."""
    aside = columns_path(path).rename(path.with_name("aside"))
    try:
        return load_predictions(path, **options)
    finally:
        aside.rename(columns_path(path))


SOUND = {
    "R": np.eye(3),
    "t_xyz": np.array([0.1, -0.2, 0.8]),
    "log_z": np.array(np.log(0.8)),
    "rot6d": np.array([1.0, 0, 0, 0, 1, 0]),
    "offsets": np.array([1.5, -2.0]),
    "k_delta": np.array([0.0, 0.01, 1.0, -1.0]),
    "sigma_z": np.array(1 / 3),
    "sigma_rot": np.array(0.25),
}


@st.composite
def entries(draw):
    """Images as detectors give them; some detections lack some fields of a pose, and some numbers are odd."""
    order = [name for name in POSE_COLUMNS if draw(st.booleans())]
    found = []
    for place in range(draw(st.integers(0, 4))):
        side = st.floats(1e-6, 1)
        boxes = draw(st.lists(st.tuples(st.floats(-0.1, 1.1), st.floats(0, 1), side, side), max_size=4))
        poses = {}
        for name in order:
            column = np.broadcast_to(SOUND[name], (len(boxes), *POSE_COLUMNS[name])).copy()
            column[[row for row in range(len(boxes)) if draw(st.integers(0, 3)) == 0]] = np.nan
            poses[name] = column * draw(st.sampled_from([1.0, 1.0, 1.0, -1.0]))
        size = draw(st.sampled_from([(640, 480), (None, None)]))
        camera = draw(st.sampled_from([None, {"fx": 1e3, "fy": 1, "cx": 0.1, "cy": 2}]))
        name = draw(st.sampled_from(["ü", "a\nb", "\u2028", "images/x"]))
        scores = np.linspace(1, 0.1, len(boxes))
        entry = image(f"{name}{place}.jpg", boxes, scores=scores, width=size[0], height=size[1], poses=poses)
        object.__setattr__(entry, "intrinsics", camera)
        found.append(entry)
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(entries(), st.booleans())
def test_reading_columns_gives_bit_by_bit_what_reading_the_file_gives(tmp_path, written, passed):
    path = tmp_path / "p.json"
    write_predictions(path, written, META)
    part = part_of(written)
    if part is None:
        return
    write_columns(columns_path(path), [part], META, predictions_sha256=digest_file(path))
    known = KnownImages(tuple(entry.image for entry in written), ((640, 480),) * len(written), frozenset(range(3)))
    for options in ({}, {"known": known}):
        found = read_columns(path, **options, passed=passed)
        try:
            alone = from_file_alone(path, **options, passed=passed)
        except InputError:
            assert found is None
            continue
        if found is None:
            assert alone.check.findings
        else:
            assert found[1] == alone.check
            assert bits(found[0]) == bits(alone.images)


def test_columns_are_read_and_not_the_file(tmp_path, monkeypatch):
    path = tmp_path / "p.json"
    write_both(path, [image()])
    monkeypatch.setattr("yolozu.artifacts.predictions.load.check_predictions", None)
    assert load_predictions(path).check.detections == 1


def test_columns_of_another_file_are_passed_over(tmp_path):
    path = tmp_path / "p.json"
    write_both(path, [image()])
    write_predictions(path, [image("other.jpg")], META)
    assert read_columns(path) is None
    assert [entry.image for entry in load_predictions(path).images] == ["other.jpg"]


def test_images_that_columns_lack_are_warned_of(tmp_path):
    path = tmp_path / "p.json"
    write_both(path, [image("a.jpg")])
    known = KnownImages(("a.jpg", "b.jpg"), ((640, 480),) * 2, frozenset((0,)))
    found = read_columns(path, known=known)
    assert found is not None
    assert [finding.code for finding in found[1].findings] == ["YZ716"]
    assert found[1] == from_file_alone(path, known=known).check


@pytest.mark.parametrize("count", [0, 1, 100, 700, -1, -30, -400])
def test_damaged_columns_are_passed_over(tmp_path, count):
    path = tmp_path / "p.json"
    write_both(path, [image()])
    content = columns_path(path).read_bytes()
    columns_path(path).write_bytes(content[:count])
    assert read_columns(path) is None
    assert len(load_predictions(path).images) == 1


def test_columns_that_do_not_hold_together_are_passed_over(tmp_path):
    path = tmp_path / "p.json"
    write_predictions(path, [image()], META)
    part = part_of([image()])
    shifted = type(part)(1, 1, (), part.entries, lambda name: part.column(name) + (name == "image_index"))
    write_columns(columns_path(path), [shifted], META, predictions_sha256=digest_file(path))
    assert read_columns(path) is None
