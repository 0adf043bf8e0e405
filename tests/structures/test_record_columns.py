"""Images in columns say what each of their records says, whichever of them are asked for."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.structures.test_image_record import RECORD
from yolozu.structures.record_columns import Columns, RecordColumns

NONE = np.zeros(0)
EMPTY = replace(RECORD, image="images/b.png", class_indices=NONE.astype(np.int64), boxes_cxcywh=NONE.reshape(0, 4),
                is_crowd=NONE.astype(np.bool_), areas_px=NONE, number=0)  # fmt: skip
NUMBERED = replace(RECORD, image="/far/c.png", number=7, masks=(("masks/a.png", 3),), labeled_classes=(0, 2))
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def columns_of(*records):
    return RecordColumns(Columns.of_rows(record.to_json() for record in records), Path("data"))


def test_every_record_comes_back():
    found = columns_of(EMPTY, RECORD, NUMBERED)
    assert [record.to_json() for record in found] == [record.to_json() for record in (EMPTY, RECORD, NUMBERED)]
    empty, one, far = found
    assert (empty.path, one.path, far.path) == (
        Path("data/images/b.png"),
        Path("data/images/a.png"),
        Path("/far/c.png"),
    )
    assert (empty.boxes_cxcywh.shape, empty.class_indices.dtype, empty.is_crowd.dtype) == ((0, 4), np.int64, np.bool_)
    assert (one.poses, one.masks, one.number, one.labeled_classes) == (None, (), None, None)
    assert (empty.number, far.number, far.labeled_classes) == (0, 7, (0, 2))
    assert list(columns_of()) == []


def test_some_of_them_are_columns_again_and_travel_to_another_process():
    found = columns_of(RECORD, EMPTY, NUMBERED)
    assert len(found) == 3
    some = pickle.loads(pickle.dumps(found[1:][::-1]))
    assert [record.image for record in some] == ["/far/c.png", "images/b.png"]
    assert (found[-1].image, found[:None][0].image, len(found[5:])) == ("/far/c.png", "images/a.png", 0)
    with pytest.raises(IndexError):
        found[3]


@given(st.lists(st.lists(st.tuples(st.integers(0, 9), *[FLOATS] * 5), max_size=3), max_size=4))
def test_numbers_keep_their_bits(images):
    records = [
        replace(
            RECORD,
            class_indices=np.array([number for number, *_ in objects], dtype=np.int64),
            boxes_cxcywh=np.array([box for _, *box, _ in objects]).reshape(-1, 4),
            is_crowd=np.array([number % 2 == 1 for number, *_ in objects], dtype=np.bool_),
            areas_px=np.array([area for *_, area in objects]),
        )
        for objects in images
    ]
    assert [record.to_json() for record in columns_of(*records)] == [record.to_json() for record in records]


@pytest.mark.parametrize(
    "wrong",
    [
        {"areas_px": []},
        {"boxes_cxcywh": [[0.1, 0.2, 0.3]]},
        {"is_crowd": ["no"]},
        {"class_indices": 3},
        {"width": None},
    ],
)
def test_a_row_that_is_none_is_refused(wrong):
    with pytest.raises((TypeError, ValueError)):
        Columns.of_rows([RECORD.to_json() | wrong])
    row = RECORD.to_json()
    del row["sha256"]
    with pytest.raises(KeyError):
        Columns.of_rows([row])
