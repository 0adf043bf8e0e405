"""Known answers, counted by hand."""

import pytest

from tests.evaluation.pose import scenes as posed
from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from yolozu.artifacts.meshes import ObjectModels
from yolozu.contract.sections.scenario_setting import SliceConfig
from yolozu.evaluation.pose.evaluate import evaluate_pose
from yolozu.evaluation.scenarios.measure import Evaluation
from yolozu.evaluation.scenarios.slices import everything, sliced

NO_MODELS = ObjectModels()
LEFT, RIGHT = (40.0, 30.0, 100.0, 80.0), (340.0, 30.0, 100.0, 80.0)


def measured(index, predictions, models=NO_MODELS, threshold=0.3, **conditions):
    evaluation = Evaluation(index, models, predictions, engine="hotcoco", score_threshold=threshold)
    whole = evaluation.problem
    part = sliced(whole, SliceConfig(**conditions), models) if conditions else everything(whole)
    return evaluation.measure(part)


def test_boxes_recall_and_rejections():
    found = [Found(7, LEFT, 0.9), Found(7, RIGHT, 0.2), Found(3, LEFT, 0.1)]
    scenes = [Scene([Truth(0, LEFT), Truth(0, RIGHT)], found)]
    found = measured(index_of(scenes), predictions_of(scenes))
    assert (found.objects, found.detections) == (2, 3)
    assert found.numbers.map50_95 == pytest.approx(1.0)
    assert found.numbers.map50 == pytest.approx(1.0)
    assert found.numbers.recall == pytest.approx(0.5)  # the other one is rejected
    assert found.numbers.rejection_rate == pytest.approx(2 / 3)
    of_poses = ("depth_error_m", "pose_error_deg", "add_s_01d")
    assert found.reasons == dict.fromkeys(of_poses, "no object of it has a pose")


def test_a_score_at_the_threshold_is_not_rejected():
    scenes = [Scene([Truth(0, LEFT)], [Found(7, LEFT, 0.5)])]
    numbers = measured(index_of(scenes), predictions_of(scenes), threshold=0.5).numbers
    assert (numbers.recall, numbers.rejection_rate) == (1.0, 0.0)


def test_the_share_of_rejections_is_among_the_slice_s_own_detections():
    scenes = [Scene([Truth(0, LEFT)], [Found(7, LEFT, 0.9), Found(7, (1.0, 1.0, 9.0, 9.0), 0.1), Found(3, LEFT, 0.1)])]
    found = measured(index_of(scenes), predictions_of(scenes), area="medium", classes=("cat",))
    assert (found.detections, found.numbers.rejection_rate) == (1, 0.0)


def test_nothing_in_the_slice_is_null_with_a_reason():
    scenes = [Scene([Truth(0, LEFT)], [Found(7, LEFT, 0.9)])]
    found = measured(index_of(scenes), predictions_of(scenes), area="large")
    assert set(found.numbers.model_dump().values()) == {None}
    names = ("map50_95", "map50", "recall", "depth_error_m", "pose_error_deg", "add_s_01d")
    assert found.reasons == {
        **dict.fromkeys(names, "no object is in this slice"),
        "rejection_rate": "no detection is in this slice",
    }


VIEWS = [
    posed.View(
        [posed.Thing(posed.BOX), posed.Thing(posed.BOTTLE, (0.1, 0.0, 2.0))],
        [
            posed.Guess(posed.BOX, 0.9, (0.0, 0.0, 1.03), posed.turn([0, 0, 1], 10.0)),
            posed.Guess(posed.BOTTLE, 0.8, (0.1, 0.0, 2.1), posed.turn([0, 0, 1], 90.0)),
        ],
    ),
]


def test_poses_are_those_of_eval_pose():
    index, predictions = posed.index_of(VIEWS), posed.predictions_of(VIEWS)
    numbers = measured(index, predictions, posed.MODELS).numbers
    expected = evaluate_pose(index, posed.MODELS, predictions).metrics
    assert 1000.0 * numbers.depth_error_m == pytest.approx(expected["z_mm_median"])
    assert (numbers.pose_error_deg, numbers.add_s_01d) == (expected["rot_deg_median"], expected["add_s_01d"])


@pytest.mark.parametrize(
    ("symmetric", "depth_m", "degrees"),
    [(False, 0.03, 10.0), (True, 0.1, 0.0)],  # a turn about its axis is no error of a bottle
)
def test_poses_of_a_slice_are_paired_among_all_and_counted_in_it(symmetric, depth_m, degrees):
    found = measured(posed.index_of(VIEWS), posed.predictions_of(VIEWS), posed.MODELS, symmetric=symmetric)
    assert found.objects == 1
    assert found.numbers.depth_error_m == pytest.approx(depth_m)
    assert found.numbers.pose_error_deg == pytest.approx(degrees, abs=1e-5)


def test_an_estimate_of_another_object_is_no_estimate_of_the_slice_s():
    """Two of one class in one image; the slice holds the one that nothing was estimated for."""
    crowd = posed.View(
        [posed.Thing(posed.BOX, (0.0, 0.0, 1.0)), posed.Thing(posed.BOX, (0.5, 0.0, 3.0))],
        [posed.Guess(posed.BOX, 0.9, (0.0, 0.0, 1.01))],
    )
    index = posed.index_of([crowd])
    record = index.records[0]
    record.boxes_cxcywh[1] = (0.1, 0.1, 0.2, 0.2)  # touches the border
    found = measured(index, posed.predictions_of([crowd]), posed.MODELS, truncated=True)
    assert (found.objects, found.numbers.depth_error_m, found.numbers.add_s_01d) == (1, None, 0.0)
    why = dict.fromkeys(("depth_error_m", "pose_error_deg"), "no estimated pose belongs to one of its objects")
    assert found.reasons == {**why, "rejection_rate": "no detection is in this slice"}


def test_without_a_model_there_is_no_add():
    found = measured(posed.index_of(VIEWS), posed.predictions_of(VIEWS), ObjectModels())
    assert found.numbers.add_s_01d is None
    assert found.reasons == {"add_s_01d": "no class of it has a model"}
