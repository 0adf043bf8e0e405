"""Extents by category id, of the classes that have a shape."""

import numpy as np

from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.predict.pictures.extents import extents_in
from yolozu.structures.classes import ClassTable


def test_they_are_the_least_and_the_largest_coordinates_of_a_class(tmp_path):
    points = np.array([[0.0, 1.0, 2.0], [3.0, -1.0, 2.5], [1.0, 0.0, 0.0]])
    models = {0: ObjectModel(points, 4.0), 1: ObjectModel(np.zeros((0, 3)), None), 7: ObjectModel(points, 4.0)}
    ObjectModels(models).write(tmp_path / "models.json")
    found = extents_in(tmp_path / "models.json", ClassTable(("cup", "can"), (7, 3)))
    assert {key: extent.tolist() for key, extent in found.items()} == {7: [[0, -1, 0], [3, 1, 2.5]]}
