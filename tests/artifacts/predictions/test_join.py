"""Files of parts give the file of the whole."""

from itertools import pairwise

import numpy as np
import pytest

from tests.artifacts.predictions.test_read_columns import META, write_both
from tests.artifacts.predictions.test_write import image
from yolozu.artifacts.predictions import write_predictions
from yolozu.artifacts.predictions.columns_file import columns_path
from yolozu.artifacts.predictions.join import join_predictions, meta_of

BOXES = ((0.5, 0.4, 0.2, 0.1), (0.25, 0.5, 0.125, 1.0))
POSES = {"t_xyz": np.array([[0.0, 1.0, 2.0], [np.nan] * 3]), "log_z": np.array([0.5, 0.25])}
ENTRIES = [
    image("},\n]}\n.jpg"),
    image("b.jpg", boxes=(), width=None, height=None),
    image("c.jpg", boxes=BOXES, poses=POSES),
    image("\udcff.jpg"),
]


def parts_of(directory, entries, cuts, write):
    paths = []
    for place, (start, end) in enumerate(pairwise(cuts)):
        path = directory / str(place) / "predictions.json"
        path.parent.mkdir()
        write(path, entries[start:end])
        paths.append(path)
    return paths


@pytest.mark.parametrize("cuts", [(0, 4), (0, 1, 2, 3, 4), (0, 0, 2, 2, 4, 4), (0, 3, 4)])
def test_joined_files_have_the_bytes_of_the_whole(tmp_path, cuts):
    parts = parts_of(tmp_path, ENTRIES, cuts, write_both)
    write_both(tmp_path / "whole.json", ENTRIES)
    join_predictions(tmp_path / "joined.json", parts, META)
    for suffix in (".json", ".npz"):
        joined = (tmp_path / "joined").with_suffix(suffix).read_bytes()
        assert joined == (tmp_path / "whole").with_suffix(suffix).read_bytes()


def test_no_images_in_any_part_are_none_in_the_whole(tmp_path):
    parts = parts_of(tmp_path, [], (0, 0, 0), write_both)
    write_both(tmp_path / "whole.json", [])
    join_predictions(tmp_path / "joined.json", parts, META)
    assert (tmp_path / "joined.json").read_bytes() == (tmp_path / "whole.json").read_bytes()


def test_a_part_without_columns_leaves_none_of_the_whole(tmp_path):
    odd = [image("a.jpg"), image("b.jpg", extras=({"note": 1},))]
    parts = parts_of(tmp_path, odd[:1], (0, 1), write_both)
    parts += parts_of(tmp_path / "0", odd, (1, 2), lambda path, entries: write_predictions(path, entries, META))
    write_predictions(tmp_path / "whole.json", odd, META)
    join_predictions(tmp_path / "joined.json", parts, META)
    assert (tmp_path / "joined.json").read_bytes() == (tmp_path / "whole.json").read_bytes()
    assert not columns_path(tmp_path / "joined.json").exists()


def test_meta_is_read_with_its_keys_in_their_order(tmp_path):
    write_predictions(tmp_path / "p.json", ENTRIES[:1], {"z": 0.1, "a": "]}\n"})
    assert [*meta_of(tmp_path / "p.json").items()] == [("z", 0.1), ("a", "]}\n"), ("bbox_format", "cxcywh_norm")]
