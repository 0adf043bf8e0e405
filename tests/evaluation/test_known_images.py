from __future__ import annotations

from tests.evaluation.scenes import Scene, index_of
from yolozu.evaluation.known_images import known_images


def test_an_index_tells_its_images_sizes_and_category_ids():
    known = known_images(index_of([Scene(), Scene(width=3, height=4)]), max_images=1)
    assert known.images == ("images/val/0000.jpg", "images/val/0001.jpg")
    assert known.sizes == ((640, 480), (3, 4))
    assert known.category_ids == {7, 3, 90}
    assert known.expected_count == 1
