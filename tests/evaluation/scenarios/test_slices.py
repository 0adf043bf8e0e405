"""Known answers, by hand; and COCO's own measures of small, medium and large."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evaluation.pose.scenes import BOTTLE_MODEL, BOX_MODEL
from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from yolozu.artifacts.meshes import ObjectModels
from yolozu.contract.sections.scenario_setting import SliceConfig
from yolozu.evaluation.boxes.coco import evaluate_coco
from yolozu.evaluation.boxes.metrics import Metric
from yolozu.evaluation.boxes.problem import problem_of
from yolozu.evaluation.boxes.registry import ENGINES
from yolozu.evaluation.scenarios.slices import everything, sliced, touches_border

CAT, DOG = 7, 3  # category ids of the network's classes 0 and 1
INNER, BORDER = (200.0, 100.0, 60.0, 60.0), (0.0, 100.0, 60.0, 60.0)
MODELS = ObjectModels({0: BOX_MODEL, 1: BOTTLE_MODEL})


def part_of(scenes, models=MODELS, **conditions):
    problem = problem_of(index_of(scenes), predictions_of(scenes), max_images=None)
    return sliced(problem, SliceConfig(**conditions), models)


def precision(part, engine="hotcoco"):
    return Metric("precision", area=part.area, iou_percent=50).of(ENGINES.load(engine)(part.problem))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_detection_of_an_object_outside_the_slice_counts_neither_way(engine):
    truth = [Truth(0, INNER), Truth(0, BORDER)]
    scene = Scene(truth, [Found(CAT, BORDER, 0.9), Found(CAT, INNER, 0.8)])
    assert precision(part_of([scene], truncated=False), engine) == pytest.approx(1.0)
    assert precision(part_of([scene], truncated=True), engine) == pytest.approx(1.0)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_second_detection_of_it_is_a_false_alarm_as_of_any_object(engine):
    beside = Found(CAT, (5.0, 100.0, 55.0, 60.0), 0.9)
    scene = Scene([Truth(0, INNER), Truth(0, BORDER)], [beside, beside, Found(CAT, INNER, 0.8)])
    assert precision(part_of([scene], truncated=False), engine) == pytest.approx(0.5)


def test_a_false_alarm_of_the_slice_s_own_kind_counts_and_another_does_not():
    truth = [Truth(0, BORDER)]
    own_alarm, other_alarm = Found(CAT, (0.0, 300.0, 60.0, 60.0), 0.9), Found(CAT, INNER, 0.9)
    hit = Found(CAT, BORDER, 0.8)
    assert precision(part_of([Scene(truth, [own_alarm, hit])], truncated=True)) == pytest.approx(0.5)
    assert precision(part_of([Scene(truth, [other_alarm, hit])], truncated=True)) == pytest.approx(1.0)


def test_a_box_short_of_the_border_still_finds_an_object_that_is_cut():
    scene = Scene([Truth(0, BORDER)], [Found(CAT, (5.0, 100.0, 55.0, 60.0), 0.8)])
    part = part_of([scene], truncated=True)
    assert precision(part) == pytest.approx(1.0)
    assert part.own_D.tolist() == [False]


def test_conditions_add_up():
    big = (0.0, 0.0, 200.0, 200.0)
    scene = Scene([Truth(0, BORDER), Truth(0, big), Truth(0, INNER), Truth(1, BORDER)], [])
    assert part_of([scene], truncated=True).counted_G.tolist() == [True, True, False, True]
    assert part_of([scene], truncated=True, area="medium").counted_G.tolist() == [True, False, False, True]
    cats = part_of([scene], truncated=True, area="medium", classes=("cat",))
    assert cats.counted_G.tolist() == [True, False, False, False]


def test_crowded_images_are_those_with_at_least_so_many_objects():
    scenes = [
        Scene([Truth(0, INNER), Truth(0, BORDER)], [Found(CAT, INNER, 0.9)]),
        Scene([Truth(0, INNER), Truth(0, BORDER, crowd=True)], [Found(CAT, (400.0, 100.0, 60.0, 60.0), 0.9)]),
    ]
    part = part_of(scenes, min_objects=2)
    assert (part.images, part.counted_G.tolist(), part.own_D.tolist()) == (1, [True, True, False, False], [True, False])
    assert precision(part) == pytest.approx(0.5049505)  # one of two objects, no false alarm of the other image


@pytest.mark.parametrize(("symmetric", "category"), [(True, DOG), (False, CAT)])
def test_classes_are_chosen_by_their_models_symmetry(symmetric, category):
    truth = [Truth(place, INNER) for place in range(3)]
    scene = Scene(truth, [Found(CAT, BORDER, 0.9), Found(DOG, INNER, 0.9)])
    part = part_of([scene], symmetric=symmetric)
    assert part.problem.truth_categories[part.counted_G].tolist() == [category]
    assert precision(part) == pytest.approx(1.0 if symmetric else 0.0)


def test_a_crowd_region_is_ignored_everywhere_and_counted_nowhere():
    scene = Scene([Truth(0, INNER), Truth(0, BORDER, crowd=True)], [Found(CAT, BORDER, 0.9), Found(CAT, INNER, 0.8)])
    part = part_of([scene], classes=("cat",))
    assert part.counted_G.tolist() == [True, False]
    assert precision(part) == pytest.approx(1.0)


def test_nothing_in_the_slice_measures_nothing():
    part = part_of([Scene([Truth(0, INNER)], [Found(CAT, INNER, 0.9)])], area="large")
    assert (part.counted_G.any(), precision(part)) == (False, None)


def test_everything_is_the_problem_itself():
    scenes = [Scene([Truth(0, INNER)], [Found(CAT, INNER, 0.9)])]
    part = everything(problem_of(index_of(scenes), predictions_of(scenes), max_images=None))
    assert (part.area, part.images, part.counted_G.tolist(), part.own_D.tolist()) == ("all", 1, [True], [True])


@pytest.mark.parametrize(
    ("box", "touches"),
    [
        ((0.0, 50.0, 10.0, 10.0), True),
        ((1.0, 50.0, 10.0, 10.0), True),
        ((1.1, 50.0, 10.0, 10.0), False),
        ((50.0, 0.5, 10.0, 10.0), True),
        ((629.0, 50.0, 10.0, 10.0), True),
        ((628.9, 50.0, 10.0, 10.0), False),
        ((50.0, 469.5, 10.0, 10.0), True),
        ((-5.0, 50.0, 10.0, 10.0), True),
    ],
)
def test_a_box_within_a_pixel_of_the_border_touches_it(box, touches):
    assert touches_border(np.array([box]), np.array([[640, 480]])).tolist() == [touches]


BOXES = st.tuples(*(st.floats(0.0, 300.0) for _ in range(2)), *(st.floats(2.0, 180.0) for _ in range(2)))
TRUTH = st.builds(Truth, st.integers(0, 2), BOXES, st.booleans(), st.none())
FOUND = st.builds(Found, st.sampled_from([7, 3, 90]), BOXES, st.floats(0.0, 1.0))
SCENES = st.lists(st.builds(Scene, st.lists(TRUTH, max_size=4), st.lists(FOUND, max_size=4)), min_size=1, max_size=3)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(SCENES, st.sampled_from(["small", "medium", "large"]), st.sampled_from(list(ENGINES)))
def test_slices_by_area_are_coco_s_to_the_letter(scenes, area, engine):
    hits = [[Found([7, 3, 90][one.class_index], one.box, 0.5) for one in scene.truth] for scene in scenes]
    near = [Scene(scene.truth, [*scene.found, *found]) for scene, found in zip(scenes, hits, strict=True)]
    part = part_of(near, area=area)
    curves = ENGINES.load(engine)(part.problem)
    expected = evaluate_coco(index_of(near), predictions_of(near), engine="pycocotools").metrics
    assert Metric("precision", area=part.area).of(curves) == pytest.approx(expected[f"map_{area}"], abs=1e-9)
    assert Metric("recall", area=part.area).of(curves) == pytest.approx(expected[f"ar_{area}"], abs=1e-9)
