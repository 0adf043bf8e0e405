"""What validations decide, and that all of it survives JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.training.learner import StepReport
from yolozu.training.state import BeforeEnd, EpochSums, Skips, TrainingState, Verdicts, rank


def test_only_strictly_better_is_better():
    verdicts = Verdicts()
    assert verdicts.improves(0.0)
    verdicts.best_score = 0.5
    assert not verdicts.improves(0.5)
    assert verdicts.improves(0.5 + 1e-12)


def test_early_stopping_counts_validations_without_enough_progress():
    verdicts = Verdicts()
    scores = [0.1, 0.14, 0.2, 0.2, 0.24, 0.24, 0.24]
    waited = []
    for score in scores:
        verdicts.count(score, patience=3, min_delta=0.05)
        waited.append(verdicts.without_progress)
    assert waited == [0, 1, 0, 1, 2, 3, 4]
    assert verdicts.stopped_early


def test_patience_0_never_stops():
    verdicts = Verdicts()
    for _ in range(100):
        verdicts.count(0.0, patience=0, min_delta=0.0)
    assert not verdicts.stopped_early


def test_without_a_metric_each_validation_becomes_the_best_until_one_has_a_metric():
    nothing = rank({"map50_95": None})
    verdicts = Verdicts()
    assert verdicts.improves(nothing)
    verdicts.best_score = nothing
    assert verdicts.improves(nothing)
    assert verdicts.improves(0.0)
    verdicts.best_score = 0.0
    assert not verdicts.improves(nothing)


def test_validations_without_a_metric_say_nothing_of_progress():
    nothing = rank({"map50_95": None})
    verdicts = Verdicts()
    for score in [nothing, nothing, 0.5, nothing, nothing, 0.4, nothing]:
        verdicts.count(score, patience=2, min_delta=0.0)
    assert (verdicts.stop_score, verdicts.without_progress, verdicts.stopped_early) == (0.5, 1, False)


def test_images_without_objects_rank_below_every_score():
    assert rank({"map50_95": None}) < rank({"map50_95": 0.0})


@pytest.mark.parametrize(
    ("by", "boxes", "poses", "ranked"),
    [
        ("map50_95", 0.5, 0.1, 0.5),
        ("add_s_01d", 0.5, 0.1, 0.1),
        ("map50_95+add_s_01d", 0.5, 0.1, 0.3),
        ("map50_95+add_s_01d", 0.5, None, 0.5),
        ("map50_95+add_s_01d", None, None, -1.0),
    ],
)
def test_several_metrics_count_by_their_mean_as_far_as_they_are_defined(by, boxes, poses, ranked):
    assert rank({"map50_95": boxes, "add_s_01d": poses}, by) == pytest.approx(ranked)


def test_epoch_means_weigh_steps_by_their_images():
    sums = EpochSums()
    for value, images in ((1.0, 6), (4.0, 2)):
        sums.add(StepReport({"total": value}, {}, 0.0, images))
    assert sums.means() == {"total": pytest.approx(1.75)}


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 10**9))
def test_all_of_it_survives_json(number, count):
    verdicts = Verdicts(number, count, "ab", number, count, count, {"map50_95": number, "map_small": None}, True)
    state = TrainingState(
        count,
        verdicts,
        EpochSums(count, {"total": number}),
        3,
        2,
        BeforeEnd(Verdicts(), 1),
        Skips(count, 0.25),
        "map50",
    )
    assert TrainingState.from_json(json.loads(json.dumps(state.to_json()))) == state


def test_going_on_forgets_the_closing_validation():
    before = Verdicts(best_score=0.1)
    state = TrainingState(5, Verdicts(best_score=0.2), val_rows=2, before_end=BeforeEnd(before, 1))
    state.forget_end()
    assert (state.verdicts, state.val_rows, state.before_end) == (before, 1, None)
    state.forget_end()
    assert state.verdicts == before


def test_skips_in_a_row_are_counted_and_the_factor_stays():
    skips = Skips()
    skips.add(decay=0.5)
    skips.add(decay=0.5)
    assert (skips.in_a_row, skips.lr_factor) == (2, 0.25)
    skips.end_row()
    assert (skips.in_a_row, skips.lr_factor) == (0, 0.25)


def test_an_epoch_of_skipped_steps_has_no_means():
    assert EpochSums().means() == {}


def test_a_state_of_the_first_release_is_ranked_by_map50_95():
    values = TrainingState(best_metric="add_s_01d").to_json()
    del values["best_metric"]
    assert TrainingState.from_json(values) == TrainingState(best_metric="map50_95")


def test_the_state_of_an_earlier_version_is_refused_by_name():
    values = TrainingState().to_json()
    del values["skips"]
    with pytest.raises(ValueError, match=r"its state is of another version of yolozu, with or without skips"):
        TrainingState.from_json(values)
