"""What Optuna decides."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolozu.app.sweep.study import Decider, KnownRun
from yolozu.contract.sections.sweep import Drawn, Pruner, Sampler
from yolozu.contract.strict.search import Search

pytest.importorskip("optuna")

LR = Drawn(min=1e-5, max=1e-1, log=True)
SPACE = {"lr": LR, "num": Drawn(min=1, max=8), "word": ("a", None, [1, 2])}


def decider(space=SPACE, *, pruner=None, sampler=None, seed=0, lower=False):
    sampler = Sampler(name="tpe", startup_runs=4) if sampler is None else sampler
    places = dict.fromkeys(space, "s.yaml:3")
    return Decider(Search("s", (), space, places, sampler, pruner, seed, 50, "s.yaml:2: optuna"), lower)


def searched(count, objective, **how):
    """The runs of a search one after another."""
    known = []
    for _ in range(count):
        values = decider(**how).next_values(known)
        known.append(KnownRun(values, "complete", objective(values)))
    return known


def distance(values):
    return abs(values["num"] - 5) + (0.0 if values["word"] is None else 3.0)


def test_the_same_runs_lead_to_the_same_choice_whoever_asks():
    first, again = searched(8, distance, lower=True), searched(8, distance, lower=True)
    assert first == again
    assert [run.values for run in searched(8, distance, lower=True, seed=1)] != [run.values for run in first]
    assert all(SPACE["lr"].min <= run.values["lr"] <= SPACE["lr"].max for run in first)


def test_tpe_learns_from_the_runs_there_are():
    learned = searched(24, distance, lower=True)[-8:]
    drawn = searched(24, distance, lower=True, sampler=Sampler(name="random"))[-8:]
    assert sum(run.value for run in learned) < sum(run.value for run in drawn)


def test_no_two_runs_are_alike_and_where_there_is_no_other_none_is_chosen():
    runs = searched(6, lambda _: 0.0, space={"num": Drawn(min=1, max=3), "word": ("a", "b")})
    assert len({str(run.values) for run in runs}) == 6
    assert decider({"word": ("a",)}).next_values([KnownRun({"word": "a"}, "failed")]) is None


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 2**31))
def test_numbers_stay_within_their_ranges(seed, low):
    space = {"a": Drawn(min=low, max=low + 3), "b": Drawn(min=low / 7, max=low / 7 + 0.001)}
    values = decider(space, seed=seed).next_values([])
    assert decider(space).search.holds(values)


def finished(*reports, state="complete"):
    value = reports[-1] if state == "complete" else None
    return KnownRun({"lr": 0.1, "num": 1, "word": "a"}, state, value, tuple(enumerate(reports, start=1)))


MEDIAN = Pruner(name="median", startup_runs=2)


@pytest.mark.parametrize(
    ("reports", "ends_at"),
    [((0.1, 0.9), 1), ((0.25, 0.3), 2), ((0.3, 0.41), None), ((0.4, 0.1), None), ((), None)],
)
def test_a_median_ends_what_is_worse_than_the_median_of_finished_runs(reports, ends_at):
    known = [finished(0.2, 0.4), finished(0.1, 0.8), finished(0.3, 0.2), finished(0.9, 0.9, state="pruned")]
    assert decider(pruner=MEDIAN).ends_at(known, tuple(enumerate(reports, start=1))) == ends_at


def test_a_median_waits_for_finished_runs_and_for_first_validations():
    bad, known = ((1, 0.0), (2, 0.0)), [finished(0.2, 0.4), finished(0.1, 0.8)]
    assert decider(pruner=MEDIAN).ends_at(known, bad) == 1
    assert decider(pruner=MEDIAN).ends_at(known[:1], bad) is None
    later = Pruner(name="median", startup_runs=2, warmup_validations=1)
    assert decider(pruner=later).ends_at(known, bad) == 2
    assert decider().ends_at(known, bad) is None


def test_of_an_error_the_largest_is_ended():
    known = [finished(0.2), finished(0.3)]
    assert decider(pruner=MEDIAN, lower=True).ends_at(known, ((1, 0.9),)) == 1
    assert decider(pruner=MEDIAN, lower=True).ends_at(known, ((1, 0.1),)) is None


def test_successive_halving_lets_the_best_of_those_go_on_that_have_come_as_far():
    halving = decider(pruner=Pruner(name="successive_halving", reduction_factor=2, min_validations=1))
    known = [finished(0.5, 0.6, 0.6, 0.7), finished(0.4, state="pruned"), finished(0.45, 0.5, state="running")]
    assert halving.ends_at(known, ((1, 0.1),)) == 1
    assert halving.ends_at(known, ((1, 0.55), (2, 0.65))) is None
    assert halving.ends_at(known, ((1, 0.55), (2, 0.4))) == 2
