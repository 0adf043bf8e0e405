"""What BOP's targets ask for, against its rule written out as loops."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.evaluation.pose.scenes import (
    BOTTLE,
    BOX,
    MODELS,
    Guess,
    Thing,
    View,
    index_of,
    naive_add,
    predictions_of,
    some_pose,
)
from yolozu.errors import InputError
from yolozu.evaluation.pose.evaluate import evaluate_pose
from yolozu.evaluation.pose.targets import ImageTargets, read_targets, targeted

NAMES = "test/000048/rgb/{:06d}.png".format


def target(image, object_id, count, scene=48):
    return {"scene_id": scene, "im_id": image, "obj_id": object_id, "inst_count": count}


def write(tmp_path, rows):
    path = tmp_path / "targets.json"
    path.write_text(json.dumps(rows))
    return path


def some_views(rng):
    """Three images with some objects of two classes, and estimates near and far."""
    views = []
    for _ in range(3):
        things, guesses = [], []
        for class_index in (BOX, BOX, BOX, BOTTLE):
            pose = some_pose(rng)
            things.append(Thing(class_index, tuple(pose.t), pose.R))
            for _ in range(rng.integers(0, 3)):
                near = some_pose(rng, pose)
                guesses.append(Guess(class_index, float(rng.integers(4)) / 4, tuple(near.t), near.R))
        views.append(View(things, guesses))
    return views


def naive_recall(views, counts, visible, limit=0.1):
    """Of an image: as many estimates and objects of each class as are asked for, matched by falling score."""
    found = asked = 0
    for view, of_image, shown in zip(views, counts, visible, strict=True):
        for class_index, count in of_image.items():
            model = MODELS.by_class[class_index]
            objects = [place for place, thing in enumerate(view.things) if thing.class_index == class_index]
            free = sorted(sorted(objects, key=lambda place, shown=shown: -shown[place])[:count])
            asked += len(free)
            guesses = [guess for guess in view.guesses if guess.class_index == class_index]
            for guess in sorted(guesses, key=lambda guess: -guess.score)[:count]:
                errors = {
                    place: naive_add((guess.R, guess.t), (view.things[place].R, view.things[place].t), model.points_V3)
                    / model.diameter
                    for place in free
                }
                best = min(errors, key=lambda place, errors=errors: errors[place], default=None)
                if best is not None and errors[best] < limit:
                    free.remove(best)
                    found += 1
    return found / asked


@pytest.mark.parametrize("seed", range(6))
def test_as_many_objects_and_estimates_count_as_targets_say(seed):
    rng = np.random.default_rng(seed)
    views = some_views(rng)
    counts = [{BOX: int(rng.integers(0, 4)), BOTTLE: int(rng.integers(0, 2))} for _ in views]
    counts[0][BOX] = 2
    visible = [rng.integers(0, 3, len(view.things)) / 2 for view in views]
    targets = [ImageTargets(of_image, shown) for of_image, shown in zip(counts, visible, strict=True)]
    result = evaluate_pose(index_of(views), MODELS, predictions_of(views), targets=targets)
    assert result.metrics["add_01d"] == pytest.approx(naive_recall(views, counts, visible))
    assert result.counts.ground_truth == sum(
        min(n, 3 if c == BOX else 1) for of_image in counts for c, n in of_image.items()
    )


def test_images_and_objects_are_those_of_the_file(tmp_path):
    index = index_of([View([Thing(BOX), Thing(BOX), Thing(BOTTLE)])] * 3, names=NAMES)
    path = write(tmp_path, [target(2, 7, 1), target(2, 3.0, 1), target(0, 7, 2), target(9, 7, 1), target(0, 55, 1)])
    visible = [np.array([0.5, 1.0, np.nan])] * 3
    found = targeted(index, visible, path)
    assert [record.image for record in found.index.records] == [NAMES(0), NAMES(2)]
    assert [targets.counts for targets in found.targets] == [{BOX: 2}, {BOX: 1, BOTTLE: 1}]
    assert found.targets[1].visible_N.tolist() == [0.5, 1.0, 1.0]
    assert found.said == [
        f"{path}: 2 of 3 images are evaluated",
        f"{path}: how visible objects are is not stated; where it asks for some, the first ones are meant",
        f"{path}: 1 of its 3 images are not here: their objects count nowhere",
        f"{path}: no class has the ids 55: they count nowhere",
    ]


def test_a_file_may_name_images_alone(tmp_path):
    path = write(tmp_path, [{"scene_id": 48, "im_id": 1}])
    assert read_targets(path) == {(48, 1): None}
    index = index_of([View([Thing(BOX), Thing(BOX)])] * 2, names=NAMES)
    found = targeted(index, [np.ones(2)] * 2, path)
    assert evaluate_pose(found.index, MODELS, [], targets=found.targets).counts.ground_truth == 2


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([], "targets.json: YZ807 is no list of targets"),
        ({}, "targets.json: YZ807 is no list of targets"),
        ([7], "targets.json: [0]: YZ807 is no object"),
        ([{"scene_id": 1}], "targets.json: [0]: YZ807 has no scene_id or no im_id"),
        ([{"scene_id": 1, "im_id": 1, "obj_id": 1}], "[0]: YZ807 has an obj_id and no inst_count"),
        ([target(1.5, 7, 1)], "[0]: YZ807 im_id 1.5 is no number of one"),
        ([target(True, 7, 1)], "[0]: YZ807 im_id True is no number of one"),
        ([target(1, "7", 1)], "[0]: YZ807 obj_id '7' is no number of one"),
        ([target(1, 7, -1)], "[0]: YZ807 inst_count -1 is no number of one"),
        ([target(1, 7, 1e300 * 1e10)], "cannot be read as JSON"),
    ],
)
def test_a_file_that_is_no_list_of_targets_is_refused(tmp_path, rows, problem):
    with pytest.raises(InputError) as caught:
        read_targets(write(tmp_path, rows))
    assert problem in str(caught.value)


def test_targets_of_other_images_are_refused(tmp_path):
    path = write(tmp_path, [target(1, 7, 1)])
    with pytest.raises(InputError, match="YZ807 names none of the images of split 'val'"):
        targeted(index_of([View()], names=NAMES), [np.zeros(0)], path)
    with pytest.raises(InputError, match="YZ807 names scenes and images, and the paths of split 'val' do not"):
        targeted(index_of([View()]), [np.zeros(0)], path)
