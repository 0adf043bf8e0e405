from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation.scenes import CLASSES, Found, Scene, Truth, index_of, predictions_of
from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.evaluation.forgetting.measure import HeldOut, compare_task
from yolozu.structures.classes import ClassTable

CAT, DOG, _ = CLASSES.category_ids
BOX, OTHER = (0, 0, 100, 100), (300, 200, 100, 100)
LATER = ClassTable(("fox", "owl", "dog", "cat"), (0, 90, 5, 6))
"""The table of a later run: other places and ids, and a class more."""


def held_out(scenes):
    models = ObjectModels({1: ObjectModel(np.zeros((0, 3)), None)})
    return HeldOut(index_of(scenes), models, predictions_of(scenes))


def test_classes_are_the_same_by_their_names():
    before = held_out([Scene([Truth(0, BOX), Truth(1, OTHER)], [Found(CAT, BOX, 0.9), Found(DOG, OTHER, 0.8)])])
    after = before.in_classes(LATER)
    assert after.index.classes == LATER
    assert after.index.records[0].class_indices.tolist() == [3, 2]
    assert after.predictions[0].class_ids.tolist() == [6, 5]
    assert list(after.models.by_class) == [2]
    with pytest.raises(KeyError):
        before.in_classes(ClassTable(("cat",), (0,)))


def test_only_predicted_images_are_held_against_each_other():
    scenes = [Scene([Truth(0, BOX)], [Found(CAT, BOX, 0.9)]), Scene([Truth(0, BOX)], None)]
    assert [record.image for record in held_out(scenes).of_predicted().index.records] == ["images/val/0000.jpg"]


def test_before_and_after_of_every_class():
    scene = Scene([Truth(0, BOX), Truth(1, OTHER)], [Found(CAT, BOX, 0.9), Found(DOG, OTHER, 0.8)])
    images = held_out([scene]).in_classes(LATER)
    called_fox = replace(images.predictions[0], class_ids=np.array([0, 5]))
    task = compare_task("a", "runs/a", images, CLASSES.names, [called_fox])
    assert [row.name for row in task.per_class] == ["cat", "dog", "owl"]
    cat, dog, owl = task.per_class
    assert (cat.ground_truth, cat.before.map50_95, cat.after.map50_95) == (1, pytest.approx(1.0), 0.0)
    assert (cat.after.localization, cat.after.recognition) == (1.0, 0.0)
    assert (dog.before, dog.after.recognition) == (dog.after, 1.0)
    assert (owl.ground_truth, owl.before.map50_95, owl.after.localization) == (0, None, None)
    assert (task.before.map50_95, task.after.map50_95, task.images) == (pytest.approx(1.0), pytest.approx(0.5), 1)
    assert (task.after.localization, task.after.recognition, task.after.add_s_01d) == (1.0, 0.5, None)


def test_of_images_without_labels_nothing_is_known():
    images = held_out([Scene([], [Found(CAT, BOX, 0.9)])])
    images = replace(images, index=replace(images.index, labeled=False))
    task = compare_task("a", "runs/a", images, CLASSES.names, images.predictions)
    assert (task.images, task.before, set(task.before.model_dump().values())) == (1, task.after, {None})
    assert [row.ground_truth for row in task.per_class] == [0, 0, 0]
