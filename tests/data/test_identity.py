from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.evaluation.scenes import Scene, index_of
from yolozu.data.identity import images_digest

ONE, TWO = index_of([Scene(), Scene()]).records
OTHER = replace(TWO, sha256="1" * 64)


def test_images_are_known_by_content_and_order():
    assert images_digest([ONE, OTHER]) != images_digest([OTHER, ONE])
    assert images_digest([ONE, OTHER]) != images_digest([ONE, TWO])
    assert images_digest([ONE]) != images_digest([ONE, TWO])


def test_neither_names_nor_labels_matter():
    renamed = replace(ONE, image="x.jpg", path=Path("/elsewhere/x.jpg"), areas_px=ONE.areas_px[:0])
    assert images_digest([ONE, OTHER]) == images_digest([renamed, OTHER])
