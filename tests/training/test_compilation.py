"""The compiled part of a detector: the same numbers, the same names, the same bits after a kill."""

import copy
import os
import shutil

import pytest
import torch
from torch import nn

from tests.training.test_learner import toy_batch
from tests.training.tiny import PREPROCESS, training_config
from yolozu.artifacts.checkpoint import Checkpoint
from yolozu.errors import UsageError
from yolozu.training import compilation
from yolozu.training.config import build_learner
from yolozu.training.randomness import deterministic

COMPILER = os.environ.get("CXX", "g++")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which(COMPILER) is None, reason=f"there is no C++ compiler {COMPILER}"),
    pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning"),
]


class Small(nn.Module):
    """A detector of two parts: one that is compiled, and one that follows the objects."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(3, 4)
        self.norm = nn.BatchNorm1d(4)
        self.head = nn.Linear(4, 1)

    def encode(self, images):
        """As much of it as is compiled."""
        return self.norm(self.backbone(images.mean(dim=(2, 3)))).sigmoid()

    def forward(self, images, targets, generator):  # noqa: ARG002 - the detector's signature
        return self.head(self.encode(images)).expand(-1, targets.labels_BT.shape[1])


def loss(output, targets, step):
    total = (output - targets.labels_BT).square().sum()
    return total, {"square": total.detach()}


def learner(**keys):
    chosen = training_config(**{"lr_warmup_steps": 0, "lr": 0.01, **keys})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        detector = Small()
    return build_learner(chosen, detector, loss, preprocess=PREPROCESS, total_steps=10)


LARGE = toy_batch((255, [1, 2]), (51, [3, 0]), (102, [4, 4]))
SMALL = toy_batch((204, [2]), (153, [0]))


def taken(one, steps):
    """The losses of steps that alternate between two sizes of batches."""
    with deterministic(True):
        return [one.learn([SMALL if step % 2 else LARGE], step).losses["total"] for step in steps]


def tensors(one):
    weights, average = one.weights()
    return {**weights, **{f"ema/{name}": entry for name, entry in average.items()}, **one.record().tensors}


def same(one, other):
    found, expected = tensors(one), tensors(other)
    return list(found) == list(expected) and all(torch.equal(found[name], expected[name]) for name in found)


@pytest.fixture(autouse=True)
def _new_process():
    """What was compiled before is forgotten."""
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


@pytest.mark.effect("torch_compile")
def test_only_steps_are_compiled_and_give_the_same_numbers_under_the_same_names(monkeypatch):
    compiled = []
    original = torch.compile

    def spy(function, **options):
        compiled.append((function.__name__, options))
        return original(function, **options)

    monkeypatch.setattr(torch, "compile", spy)
    plain = {"optimizer": "sgd", "momentum": 0.0}  # AdamW makes full steps of gradients that are only rounding
    eager, fast = learner(**plain), learner(torch_compile=True, **plain)
    names = list(fast.detector.state_dict())
    assert taken(eager, range(2)) == pytest.approx(taken(fast, range(2)), rel=1e-5)
    assert compiled == [("encode", {"dynamic": False, "fullgraph": True})]
    assert list(fast.detector.state_dict()) == names == list(eager.detector.state_dict())
    assert "encode" not in vars(fast.detector)
    assert "encode" not in vars(copy.deepcopy(fast.detector))
    for name, tensor in fast.weights()[0].items():
        torch.testing.assert_close(tensor, eager.weights()[0][name], rtol=1e-4, atol=1e-5)


def test_a_killed_and_resumed_training_has_the_same_bits_whatever_shapes_it_sees_first():
    whole = learner(torch_compile=True)
    taken(whole, range(5))
    torch._dynamo.reset()
    first = learner(torch_compile=True)
    taken(first, range(3))
    weights, average = first.weights()
    saved = Checkpoint({}, None, {}, weights, average, "model", "", 3, 0, {}, first.record())
    torch._dynamo.reset()
    second = learner(torch_compile=True)
    second.load(saved)
    taken(second, range(3, 5))
    assert same(second, whole)


def test_a_step_that_is_not_finite_is_taken_back_all_the_same():
    one = learner(torch_compile=True)
    taken(one, [0])
    before = {name: tensor.clone() for name, tensor in tensors(one).items()}
    one._loss = lambda *given: (loss(*given)[0] * torch.nan, {})
    with deterministic(True):
        assert one.learn([SMALL], 1).non_finite == "loss"
    assert all(torch.equal(tensor, before[name]) for name, tensor in tensors(one).items())


def test_a_missing_compiler_is_an_error_with_a_way_out():
    from torch._inductor import config

    never_compiled = toy_batch(*[(value, [1]) for value in range(5)])
    with config.patch({"cpp.cxx": (None, "/nowhere/g++")}), pytest.raises(UsageError) as caught:
        learner(torch_compile=True).learn([never_compiled], 0)
    assert str(caught.value).startswith("torch_compile: true: the detector: YZ512 cannot be compiled here: InvalidCxx")
    assert str(caught.value).endswith(
        "\n  fix: install a C++ compiler (g++ or clang++; CXX names another one), or set torch_compile: false"
    )


def test_more_shapes_than_could_be_worth_it_are_an_error_and_no_silent_fallback(monkeypatch):
    monkeypatch.setattr(compilation, "MOST_SHAPES", 1)
    with pytest.raises(UsageError) as caught:
        taken(learner(torch_compile=True), [0, 1])
    assert str(caught.value) == (
        "torch_compile: true: the detector: YZ512 would be compiled for more than 1 sizes of batches and images\n"
        "  fix: use fewer sizes, or set torch_compile: false"
    )
