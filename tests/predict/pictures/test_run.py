"""Pictures go through in batches, and one that cannot be read stops no other."""

from pathlib import Path

import numpy as np
from PIL import Image

from yolozu.errors import Finding
from yolozu.predict.pictures.picture import Picture
from yolozu.predict.pictures.run import predict_pictures
from yolozu.predict.pictures.sources import sources_in
from yolozu.structures.predictions import ImagePredictions


class Counting:
    """Finds one object in every picture, and remembers its batches."""

    def __init__(self):
        self.batches = []

    def predict(self, records):
        self.batches.append([(record.image, record.width, record.height) for record in records])
        return [
            ImagePredictions(
                record.image, record.width, record.height, np.array([1]), np.array([0.5]), np.full((1, 4), 0.5)
            )
            for record in records
        ]


def test_memory_is_bounded_by_the_batch_and_unreadable_pictures_are_findings_in_their_place(tmp_path):
    for number in range(5):
        Image.new("RGB", (8 + number, 6)).save(tmp_path / f"{number}.png")
    (tmp_path / "1.png").write_bytes(b"no picture")
    adapter = Counting()
    found = list(predict_pictures(adapter, sources_in([str(tmp_path)]), name="dummy", batch_size=2))
    assert adapter.batches == [[("0.png", 8, 6)], [("2.png", 10, 6), ("3.png", 11, 6)], [("4.png", 12, 6)]]
    assert [isinstance(entry, Finding) for entry in found] == [False, True, False, False, False]
    assert [entry.predictions.image for entry in found if not isinstance(entry, Finding)] == [
        "0.png", "2.png", "3.png", "4.png",
    ]  # fmt: skip
    assert found[1].render() == (
        f"{tmp_path}/1.png: YZ207 image cannot be read: cannot identify image file '{tmp_path}/1.png'\n"
        "  fix: copy it again, or leave it out"
    )
    assert all(entry.seconds > 0 for entry in found if not isinstance(entry, Finding))


def test_a_batch_of_which_nothing_can_be_read_is_no_batch(tmp_path):
    (tmp_path / "1.png").write_bytes(b"no picture")
    adapter = Counting()
    (found,) = predict_pictures(adapter, sources_in([str(tmp_path)]), name="dummy", batch_size=2)
    assert isinstance(found, Finding)
    assert adapter.batches == []


def test_pictures_are_taken_a_batch_at_a_time_and_may_bring_their_pixels():
    taken = []

    def pictures():
        for number in range(3):
            taken.append(number)
            yield Picture(Path("x"), f"x-{number}", np.zeros((6, 8 + number, 3), np.uint8))

    adapter = Counting()
    found = predict_pictures(adapter, pictures(), name="dummy", batch_size=2)
    assert next(found).predictions.image == "x-0"
    assert taken == [0, 1]
    assert len(list(found)) == 2
    assert adapter.batches == [[("x-0", 8, 6), ("x-1", 9, 6)], [("x-2", 10, 6)]]
