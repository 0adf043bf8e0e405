"""Adaptation stays within its limits, and leaves the network as it was, to the last bit."""

from __future__ import annotations

import math
from contextlib import contextmanager, nullcontext

import pytest
import torch

from tests.predict.ttt.tiny import Loss, Script, Toy, detector, images, optimizer_of, same, settings, state_of
from yolozu.errors import UsageError
from yolozu.model.lora import attach_lora, has_lora
from yolozu.predict.ttt.adaptation import FRESH_RANK, Adaptation
from yolozu.predict.ttt.registry import TTT_METHODS
from yolozu.predict.ttt.report import TttStep

METHODS = ("tent", "mim")
FILTERS = ("all", "norm_only", "adapter_only")
ROOT6 = math.sqrt(6.0)


@pytest.fixture
def scripted(monkeypatch):
    """``with scripted(*losses, **keys) as (adaptation, script, network)``: the toy's six weights adapt by losses."""

    @contextmanager
    def entered(*losses, network=None, **keys):
        script, network = Script([*losses]), Toy() if network is None else network
        monkeypatch.setattr(TTT_METHODS, "load", lambda _: script)
        how = settings(update_filter="all", include=("head.weight",), **keys)
        with Adaptation(network, how) as adaptation:
            script.adaptation = adaptation
            yield adaptation, script, network

    return entered


def step(loss):
    """One that changed nothing."""
    return TttStep(loss=loss, grad_norm=None, update_norm=None, total_update_norm=None)


def learned(network, **keys):
    """The network after some steps, and what is said of them."""
    with Adaptation(network, settings(**keys)) as adaptation:
        log = adaptation.adapt(images(), ["a"])
        return state_of(network), log


def traces(network):
    """All that adaptation may touch."""
    return (
        [name for name, _ in network.named_modules()],
        [layer.training for layer in network.modules()],
        [parameter.requires_grad for parameter in network.parameters()],
        [parameter.grad is None for parameter in network.parameters()],
    )


def adapt_and_look(network, how, before, error):
    """Adapt; all that should move does, and nothing else."""
    with Adaptation(network, how) as adaptation:
        log = adaptation.adapt(images(), ["a"])
        assert [step.loss is not None for step in log.steps] == [True, True]
        now = state_of(network)
        assert any(not torch.equal(now[name], before[name]) for name in before if "running_" in name and name in now)
        learning = {name for name, own in network.named_parameters() if own.requires_grad}
        assert learning == {*adaptation.parameters}
        assert not any(layer.training for layer in network.modules())
        if error is not None:
            raise error


@pytest.mark.slow
@pytest.mark.parametrize("error", [None, OSError()], ids=["", "where it fails"])
@pytest.mark.parametrize("update_filter", FILTERS)
@pytest.mark.parametrize("method", METHODS)
def test_on_leaving_the_network_is_what_it_was(method, update_filter, error):
    network = detector().train()
    network.decoder.eval()
    next(network.parameters()).requires_grad_(False)
    before, marks = state_of(network), traces(network)
    how = settings(method=method, update_filter=update_filter, steps=2, lr=0.01)
    with nullcontext() if error is None else pytest.raises(OSError):
        adapt_and_look(network, how, before, error)
    assert same(state_of(network), before)
    assert traces(network) == marks


@pytest.mark.slow
@pytest.mark.parametrize("update_filter", FILTERS)
@pytest.mark.parametrize("method", METHODS)
def test_after_a_reset_everything_happens_as_the_first_time(method, update_filter):
    network = detector().eval()
    with Adaptation(network, settings(method=method, update_filter=update_filter, steps=2, lr=0.01)) as adaptation:
        start = state_of(network)
        first = [adaptation.adapt(images(seed), [key]) for seed, key in enumerate("ab")]
        there = state_of(network)
        adaptation.reset()
        assert same(state_of(network), start)
        assert optimizer_of(adaptation) == {}
        assert [adaptation.adapt(images(seed), [key]) for seed, key in enumerate("ab")] == first
        assert same(state_of(network), there)
        assert not same(there, start)


def test_without_adapters_fresh_ones_are_there_for_the_time():
    network = detector()
    with Adaptation(network, settings(update_filter="adapter_only", lr=0.01)) as adaptation:
        assert has_lora(network)
        assert adaptation.adapted_layers
        assert {name.rpartition(".lora_")[0] for name in adaptation.parameters} == {*adaptation.adapted_layers}
        ranks = {own.shape[0] for name, own in adaptation.parameters.items() if name.endswith("lora_down.weight")}
        assert ranks == {FRESH_RANK}
    assert not has_lora(network)


def test_adapters_that_are_there_adapt_and_stay():
    network = detector()
    layers = attach_lora(network, rank=2, alpha=2.0)
    before = state_of(network)
    with Adaptation(network, settings(update_filter="adapter_only", lr=0.01)) as adaptation:
        assert adaptation.adapted_layers == []
        assert len(adaptation.parameters) == 2 * len(layers)
        adaptation.adapt(images(), ["a"])
    assert has_lora(network)
    assert same(state_of(network), before)


def test_adapters_come_off_where_nothing_is_left_to_adapt():
    network = detector()
    with pytest.raises(UsageError, match="YZ640"):
        Adaptation(network, settings(update_filter="adapter_only", include=("nothing*",)))
    assert not has_lora(network)


def test_without_steps_and_statistics_nothing_is_left_to_adapt():
    network = torch.nn.Sequential(torch.nn.Linear(3, 2))
    with pytest.raises(UsageError) as refused:
        Adaptation(network, settings(steps=0, update_filter="adapter_only"))
    assert str(refused.value) == (
        "ttt_steps: 0: YZ640 no BatchNorm layer of the network has statistics that could move\n"
        "  fix: set ttt_steps above 0, or predict without ttt"
    )
    assert not has_lora(network)


def test_parameters_without_a_part_in_the_loss_are_refused():
    network = detector()
    with (
        pytest.raises(UsageError) as refused,
        Adaptation(network, settings(include=("reconstruction.*",))) as adaptation,
    ):
        adaptation.adapt(images(), ["a"])
    assert str(refused.value) == (
        "ttt_update_filter: all: YZ640 the loss of tent depends on no parameter that is left to adapt by this filter "
        "and ttt_include ['reconstruction.*'], ttt_exclude []\n"
        "  fix: choose another filter, or other patterns"
    )


def test_without_steps_statistics_move_and_nothing_else():
    network = detector()
    before = state_of(network)
    after, log = learned(network, steps=0)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert log.steps == []
    assert moved == {name for name in before if name.endswith(("running_mean", "running_var"))}


@pytest.mark.parametrize("method", METHODS)
def test_with_weight_zero_no_statistics_move(method):
    network = detector()
    before = state_of(network)
    with Adaptation(network, settings(method=method, norm_weight=0.0)) as adaptation:
        adaptation.adapt(images(), ["a"])
        after = state_of(network)
        assert adaptation.norm_layers == 0
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved
    assert not any("running_" in name for name in moved)


@pytest.mark.parametrize("method", METHODS)
def test_both_methods_move_the_same_statistics(method):
    """Those of whole pictures, once, however many steps there are."""
    expected, _ = learned(detector(), steps=0)
    after, _ = learned(detector(), method=method, steps=1, lr=1e-12)
    for name in expected:
        if "running_" in name:
            torch.testing.assert_close(after[name], expected[name])


@pytest.mark.slow
def test_the_key_and_the_seed_decide_what_is_hidden():
    def loss(key, seed=0):
        with Adaptation(detector(), settings(method="mim", seed=seed)) as adaptation:
            return adaptation.adapt(images(), [key]).steps[0].loss

    assert loss("a") == loss("a")
    assert len({loss("a"), loss("b"), loss("a", seed=1)}) == 3


@pytest.mark.parametrize("seed", [2**63, 10**30])
def test_every_seed_of_the_contract_is_one(seed):
    how = settings(method="mim", update_filter="adapter_only", seed=seed)
    with Adaptation(detector(), how) as adaptation:
        assert adaptation.adapt(images(), ["a"]).stop is None


def test_a_step_says_its_loss_and_its_norms(scripted):
    with scripted(Loss(1.0), Loss(0.5, slope=2.0), steps=2, lr=0.5) as (adaptation, _, network):
        start = network.head.weight.detach().clone()
        first, second = adaptation.adapt(images(), ["a"]).steps
        moved = torch.linalg.vector_norm(network.head.weight.detach() - start).item()
    assert (first.loss, second.loss) == (1.0, 0.5)
    assert (first.grad_norm, second.grad_norm) == (pytest.approx(ROOT6), pytest.approx(2.0 * ROOT6))
    assert first.update_norm == pytest.approx(0.5 * ROOT6)  # the first step of Adam is as long as the learning rate
    assert (first.total_update_norm, second.total_update_norm) == (first.update_norm, pytest.approx(moved))


BREACHES = {
    "grad_norm": ({}, [Loss(1.0), Loss(0.5, slope=3.0)], pytest.approx(3.0 * ROOT6), 7.0),
    "update_norm": ({"lr": 0.5}, [Loss(1.0)], pytest.approx(0.5 * ROOT6), 1.0),
    "total_update_norm": ({"lr": 0.5}, [Loss(1.0), Loss(0.5)], pytest.approx(ROOT6), 2.0),
    "loss_ratio": ({}, [Loss(2.0), Loss(3.0), Loss(8.0)], 4.0, 3.5),
    "loss_increase": ({}, [Loss(2.0), Loss(3.0), Loss(8.0)], 6.0, 5.0),
    "non_finite_loss": ({}, [Loss(1.0), Loss(math.nan)], None, None),
    "non_finite_gradient": ({}, [Loss(1.0), Loss(0.5, slope=math.inf)], None, None),
}
"""Reason -> keys, losses of which the last breaks it, the value that is told, the limit."""

OF_A_LOSS = ("loss_ratio", "loss_increase", "non_finite_loss")


def limited(reason, **keys):
    """Keys that set the limit of a reason."""
    more, losses, _, limit = BREACHES[reason]
    return losses, {**more, **({} if limit is None else {f"max_{reason}": limit}), **keys}


def breached(adaptation, losses, in_batches):
    """The log of the batch in which the last loss breaks its limit."""
    if not in_batches:
        return adaptation.adapt(images(), ["a"])
    logs = [adaptation.adapt(images(seed), [str(seed)]) for seed in range(len(losses))]
    assert all(log.stop is None for log in logs[:-1])
    return logs[-1]


@pytest.mark.parametrize("in_batches", [False, True], ids=["in a batch", "in batches"])
@pytest.mark.parametrize("reason", BREACHES)
def test_a_broken_limit_ends_adaptation_and_brings_the_last_accepted_state_back(scripted, reason, in_batches):
    losses, keys = limited(reason, steps=1 if in_batches else 5)
    _, _, value, limit = BREACHES[reason]
    with scripted(*losses, **keys) as (adaptation, script, network):
        log = breached(adaptation, losses, in_batches)
        accepted = len(losses) - 1 - (reason in OF_A_LOSS)
        assert (log.stop.reason, log.stop.value, log.stop.limit) == (reason, value, limit)
        assert (log.stop.ended, log.stop.rolled_back, adaptation.ended) == (True, True, True)
        assert same(state_of(network), script.states[accepted])
        assert optimizer_of(adaptation) == script.optimizers[accepted]
        assert len(script.states) == len(losses), "nothing is tried after the end"


@pytest.mark.parametrize("reason", ["grad_norm", "update_norm", "total_update_norm", "loss_ratio", "loss_increase"])
def test_without_rollback_the_step_stays(scripted, reason):
    losses, keys = limited(reason, steps=len(BREACHES[reason][1]), rollback_on_stop=False)
    with scripted(*losses, **keys) as (adaptation, script, network):
        log = adaptation.adapt(images(), ["a"])
        assert (log.stop.ended, log.stop.rolled_back, adaptation.ended) == (True, False, True)
        moved = log.steps[-1].update_norm is not None
        assert moved == (reason in {"update_norm", "total_update_norm"})
        assert torch.equal(network.head.weight, script.states[-1]["head.weight"]) == (not moved)


@pytest.mark.parametrize("reason", ["non_finite_loss", "non_finite_gradient"])
def test_what_is_not_finite_is_undone_in_any_case(scripted, reason):
    losses, keys = limited(reason, steps=5, rollback_on_stop=False)
    with scripted(*losses, **keys) as (adaptation, script, network):
        log = adaptation.adapt(images(), ["a"])
        assert (log.stop.ended, log.stop.rolled_back) == (True, True)
        assert same(state_of(network), script.states[len(losses) - 1 - (reason == "non_finite_loss")])


def test_an_update_that_is_not_finite_is_undone_in_any_case(scripted):
    network = Toy()
    torch.nn.init.constant_(network.head.weight, torch.finfo(torch.float32).min)
    with scripted(Loss(1.0), network=network, lr=1e37, rollback_on_stop=False) as (adaptation, script, _):
        log = adaptation.adapt(images(), ["a"])
        assert (log.stop.reason, log.stop.value, log.stop.limit) == ("update_norm", None, None)
        assert log.steps[0].update_norm is None
        assert (log.stop.ended, log.stop.rolled_back) == (True, True)
        assert same(state_of(network), script.states[0])


def test_where_nothing_stops_a_loss_without_a_number_is_left_out(scripted):
    """With it goes the step before, which led there: its loss was the last to be accepted."""
    keys = {"lr": 0.5, "stop_on_non_finite": False}
    with scripted(Loss(1.0), Loss(math.nan), Loss(0.5), **keys) as (adaptation, script, network):
        logs = [adaptation.adapt(images(seed), [str(seed)]) for seed in range(3)]
        assert logs[1].steps == [step(None)]
        assert (logs[1].stop.reason, logs[1].stop.value, logs[1].stop.limit) == ("non_finite_loss", None, None)
        assert [log.stop is None for log in logs] == [True, False, True]
        assert (logs[1].stop.ended, logs[1].stop.rolled_back) == (False, True)
        assert not adaptation.ended
        assert torch.equal(script.states[2]["head.weight"], script.states[0]["head.weight"])
        assert script.optimizers[2] == {}
        learned_from_two = state_of(network)
    with scripted(Loss(1.0), lr=0.5, steps=1) as (adaptation, _, network):
        adaptation._learn_statistics(images(0))
        adaptation.adapt(images(2), ["2"])
        assert same(learned_from_two, state_of(network))


def test_where_nothing_stops_a_gradient_without_a_number_is_left_out(scripted):
    """The state before it, whose loss was accepted, goes on."""
    keys = {"lr": 0.5, "stop_on_non_finite": False}
    with scripted(Loss(1.0), Loss(0.5, slope=math.inf), Loss(0.5), **keys) as (adaptation, _, network):
        logs = [adaptation.adapt(images(seed), [str(seed)]) for seed in range(3)]
        assert logs[1].steps == [step(0.5)]
        assert (logs[1].stop.ended, logs[1].stop.rolled_back, adaptation.ended) == (False, True, False)
        weight, remembered = network.head.weight.detach().clone(), optimizer_of(adaptation)
    with scripted(Loss(1.0), Loss(0.5), lr=0.5) as (adaptation, _, network):
        for seed in range(2):
            adaptation.adapt(images(seed), [str(seed)])
        assert torch.equal(network.head.weight, weight)
        assert optimizer_of(adaptation) == remembered


def test_losses_are_held_against_the_first_since_the_last_reset(scripted):
    with scripted(Loss(1.0), Loss(2.9), Loss(9.0), Loss(26.0), max_loss_ratio=3.0) as (adaptation, _, _):
        assert [adaptation.adapt(images(), ["a"]).stop for _ in range(2)] == [None, None]
        adaptation.reset()
        assert [adaptation.adapt(images(), ["a"]).stop for _ in range(2)] == [None, None]


def test_what_has_ended_goes_on_only_after_a_reset(scripted):
    with scripted(Loss(1.0), Loss(1.0), max_grad_norm=1.0) as (adaptation, script, network):
        assert adaptation.adapt(images(), ["a"]).stop.ended
        with pytest.raises(AssertionError, match="goes on only after a reset"):
            adaptation.adapt(images(), ["b"])
        adaptation.reset()
        assert not adaptation.ended
        assert same(state_of(network), state_of(Toy()))
        assert adaptation.adapt(images(), ["b"]).stop.ended
        assert len(script.states) == 2


def test_tents_first_step_sees_the_new_statistics_and_the_others_move_none(scripted):
    with scripted(Loss(1.0), Loss(1.0), steps=2) as (adaptation, script, network):
        before = state_of(network)
        adaptation.adapt(images(), ["a"])
        first, second = (state["norm.running_mean"] for state in script.states)
        assert not torch.equal(first, before["norm.running_mean"])
        assert torch.equal(first, second)
