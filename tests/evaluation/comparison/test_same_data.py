from __future__ import annotations

from dataclasses import replace

import pytest

from tests.evaluation.pose import scenes as posed
from tests.evaluation.scenes import Scene, Truth, index_of
from yolozu.artifacts.meshes import ObjectModels
from yolozu.evaluation.comparison.same_data import PredictedData, data_differences
from yolozu.structures.classes import ClassTable

BOX = (40.0, 30.0, 100.0, 80.0)
SCENES = [Scene([Truth(0, BOX)]), Scene([Truth(1, BOX)])]
INDEX = index_of(SCENES)


def side(name, index=INDEX, models=None, max_images=None):
    return PredictedData(name, index, ObjectModels() if models is None else models, max_images)


def changed(**change):
    first, second = INDEX.records
    return replace(INDEX, records=(first, replace(second, **change)))


def test_the_same_data_elsewhere_is_the_same():
    moved = replace(INDEX, root=INDEX.root / "elsewhere", split="holdout")
    assert data_differences(side("a"), side("b", moved)) == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (changed(sha256="1" * 64), ["other pixels: 1 image (the first is images/val/0001.jpg)"]),
        (changed(areas_px=INDEX.records[1].areas_px + 1), ["other labels: 1 image (the first is images/val/0001.jpg)"]),
        (
            changed(image="images/val/x.jpg"),
            [
                "only in a: 1 image (the first is images/val/0001.jpg)",
                "only in b: 1 image (the first is images/val/x.jpg)",
            ],
        ),
        (
            replace(INDEX, classes=ClassTable(("cat", "wolf", "owl"), (7, 3, 91))),
            [
                "class 3 is dog in a, wolf in b",
                "class 90 is owl in a, absent in b",
                "class 91 is absent in a, owl in b",
            ],
        ),
    ],
)
def test_what_differs_is_said(other, told):
    assert data_differences(side("a"), side("b", other)) == told


def test_a_subset_is_said_to_be_one():
    assert data_differences(side("a"), side("b", max_images=1)) == [
        "a is of 2 images, b is of the first 1 of 2 images",
        "only in a: 1 image (the first is images/val/0001.jpg)",
    ]
    assert data_differences(side("a", max_images=1), side("b", max_images=1)) == []


def test_models_matter_where_there_are_poses():
    views = posed.index_of([posed.View([posed.Thing(posed.BOX)])])
    told = data_differences(side("a", views, posed.MODELS), side("b", views))
    assert told == ["other models or symmetries of the objects"]
    assert data_differences(side("a", models=posed.MODELS), side("b")) == []
