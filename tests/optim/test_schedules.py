"""Learning rates, at every step, against closed formulas and torch's own schedulers."""

import math
import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from yolozu.errors import UsageError
from yolozu.optim.schedules import Schedule

LR = 0.1


def rates(schedule):
    return [schedule.at(step) for step in range(schedule.total_steps)]


def torch_rates(make, steps):
    """Learning rate before every step of a torch scheduler."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR)
    scheduler = make(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # SequentialLR calls its own deprecated form
            scheduler.step()
    return found


def test_none_is_constant():
    assert rates(Schedule("none", LR, 5)) == [LR] * 5


def test_warm_up_is_a_line_from_its_first_value_at_step_0():
    found = rates(Schedule("none", LR, 7, warmup_steps=4, warmup_init=0.02))
    assert found == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1, 0.1, 0.1], abs=1e-15)
    assert rates(Schedule("none", 0.0, 2)) == [0.0, 0.0]


@pytest.mark.parametrize("total", [2, 3, 10, 57])
def test_cosine_is_torchs(total):
    def make(optimizer):
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=total - 1, eta_min=0.01)

    assert rates(Schedule("cosine", LR, total, min_lr=0.01)) == pytest.approx(torch_rates(make, total), abs=1e-12)


def test_cosine_starts_after_the_warm_up_as_torchs_sequence_does():
    def make(optimizer):
        warm = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=5)
        then = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=14, eta_min=0.01)
        return torch.optim.lr_scheduler.SequentialLR(optimizer, [warm, then], milestones=[5])

    found = rates(Schedule("cosine", LR, 20, min_lr=0.01, warmup_steps=5, warmup_init=0.025))
    assert found == pytest.approx(torch_rates(make, 20), abs=1e-12)


@given(total=st.integers(1, 500), share=st.floats(0, 1), low=st.floats(0, 0.1))
def test_cosine_ends_at_exactly_min_lr_whatever_the_warm_up(total, share, low):
    warmup = int(share * (total - 1))
    assert Schedule("cosine", LR, total, min_lr=low, warmup_steps=warmup).at(total - 1) == low


def test_cosine_halfway_is_the_mean_of_both_ends():
    assert Schedule("cosine", LR, 11, min_lr=0.02).at(5) == pytest.approx(0.06, abs=1e-15)


@pytest.mark.parametrize("total", [1, 2, 3, 4, 10, 101])
def test_onecycle_is_torchs_and_ignores_warm_up(total):
    def make(optimizer):
        return torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=LR, total_steps=total + 1, cycle_momentum=False)

    def by_formula(step):
        top, last = 0.3 * total - 1, total - 1
        low, high, end = LR / 25, LR, LR / 25e4
        if step <= top:
            return high + (low - high) * (1 + math.cos(math.pi * step / top)) / 2
        return end + (high - end) * (1 + math.cos(math.pi * (step - top) / (last - top))) / 2

    found = rates(Schedule("onecycle", LR, total, warmup_steps=50, warmup_init=1.0))
    assert found == pytest.approx([by_formula(step) for step in range(total)], abs=1e-15)
    if total >= 10:  # torch's scheduler would be one step short of its own end
        theirs = torch_rates(lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=LR, total_steps=total, cycle_momentum=False), total - 1)  # fmt: skip
        assert found[:-1] == pytest.approx(theirs, abs=1e-12)
    assert found[-1] == pytest.approx(LR / 25e4, abs=1e-15)


def test_multistep_is_torchs_and_warm_up_does_not_shift_its_milestones():
    def make(optimizer):
        return torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[3, 8], gamma=0.5)

    plain = rates(Schedule("multistep", LR, 12, milestones=(3, 8), gamma=0.5))
    assert plain == pytest.approx(torch_rates(make, 12), abs=1e-12)
    warm = rates(Schedule("multistep", LR, 12, milestones=(3, 8), gamma=0.5, warmup_steps=2))
    assert warm == pytest.approx([0.0, 0.05, *plain[2:]], abs=1e-15)


def test_a_milestone_inside_the_warm_up_counts_from_its_own_step():
    found = rates(Schedule("multistep", LR, 5, milestones=(2,), gamma=0.5, warmup_steps=4))
    assert found == pytest.approx([0.0, 0.025, 0.025, 0.0375, 0.05], abs=1e-15)


def test_none_and_multistep_do_not_depend_on_the_total():
    for options in ({"name": "none"}, {"name": "multistep", "milestones": (4, 9)}):
        short = Schedule(lr=LR, total_steps=10, warmup_steps=3, **options)
        long = Schedule(lr=LR, total_steps=99, warmup_steps=3, **options)
        assert rates(short) == rates(long)[:10]


def test_no_step_beyond_the_last():
    with pytest.raises(AssertionError, match="step 10 of 10"):
        Schedule("onecycle", LR, 10).at(10)


def test_a_name_that_nobody_knows_is_no_constant_rate():
    with pytest.raises(UsageError, match="schedule 'poly': YZ901 no such learning-rate schedule"):
        Schedule("poly", lr=1.0, total_steps=3).at(0)
