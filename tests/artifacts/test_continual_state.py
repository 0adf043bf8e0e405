"""States of earlier trainings: what comes back, and what is refused with which words."""

from dataclasses import replace

import pytest
import torch

from yolozu.artifacts import continual_state
from yolozu.artifacts.checkpoint import Checkpoint, write_checkpoint
from yolozu.artifacts.continual_state import ContinualState, read_continual_state, write_continual_state
from yolozu.errors import InputError
from yolozu.structures.classes import ClassTable


def sample(**changes):
    generator = torch.Generator().manual_seed(0)
    anchor = {"b.weight": torch.randn(2, 3, generator=generator), "a.bias": torch.randn(2, generator=generator)}
    importance = {name: tensor.abs() for name, tensor in anchor.items()}
    return replace(ContinualState("ewc", ("cat", "dög"), importance, anchor, "f" * 64), **changes)


def written(path, state):
    write_continual_state(path, state)
    return path


def error_of(path, regularizer="ewc"):
    with pytest.raises(InputError) as caught:
        read_continual_state(path, regularizer)
    return str(caught.value)


def test_everything_comes_back(tmp_path):
    before = sample()
    after = read_continual_state(written(tmp_path / "ewc_state.pt", before), "ewc")
    assert (after.regularizer, after.class_names, after.checkpoint) == ("ewc", ("cat", "dög"), "f" * 64)
    for one, other in ((before.importance, after.importance), (before.anchor, after.anchor)):
        assert sorted(one) == sorted(other)
        assert all(torch.equal(one[name], other[name]) for name in one)
    assert after.source == str(tmp_path / "ewc_state.pt")


def test_equal_states_are_equal_files(tmp_path):
    first = written(tmp_path / "one.pt", sample())
    turned = sample(importance=dict(reversed(sample().importance.items())))
    assert written(tmp_path / "other.pt", turned).read_bytes() == first.read_bytes()


def test_what_is_no_such_state_is_refused(tmp_path):
    path = tmp_path / "state.pt"
    fix = "\n  fix: build the run that left it again, or drop the key"
    assert error_of(path) == f"{path}: YZ541 cannot be read: No such file or directory{fix}"
    path.write_bytes(b"weights")
    assert error_of(path) == f"{path}: YZ541 is no state of an earlier training{fix}"
    torch.save({"model": {}}, path)
    assert error_of(path) == f"{path}: YZ541 is a torch file, but no state of an earlier training{fix}"
    weights = {"w": torch.zeros(1)}
    write_checkpoint(
        path, Checkpoint({}, ClassTable(("a",), (0,)), {}, weights, None, "model", "d", step=1, epoch=0, metrics={})
    )
    assert error_of(path) == f"{path}: YZ541 is a torch file, but no state of an earlier training{fix}"
    written(path, sample())
    assert error_of(path, "si") == f"{path}: YZ541 is a state of ewc, not of si{fix}"


def test_damage_and_other_versions_are_refused(tmp_path, monkeypatch):
    path = written(tmp_path / "state.pt", sample())
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "YZ541 is damaged: it ends too early" in error_of(path)
    content = bytearray(whole)
    content[content.index(sample().anchor["b.weight"].numpy().tobytes())] ^= 1
    path.write_bytes(content)
    assert "YZ541 is damaged: archive/data/" in error_of(path)
    monkeypatch.setattr(continual_state, "SCHEMA_VERSION", 2)
    written(path, sample())
    monkeypatch.undo()
    assert "YZ541 is of schema version 2, this yolozu reads version 1" in error_of(path)


@pytest.mark.parametrize(
    ("importance", "problem"),
    [
        ({"a.bias": torch.zeros(3)}, "a.bias has shapes [3] and [2]"),
        ({"a.bias": torch.tensor([-1.0, 0.0])}, "a.bias holds numbers that no training leaves"),
        ({"a.bias": torch.tensor([torch.nan, 0.0])}, "a.bias holds numbers that no training leaves"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(tmp_path, importance, problem):
    path = written(tmp_path / "state.pt", sample(importance={**sample().importance, **importance}))
    assert f"YZ541 has parts that contradict each other: ValueError: {problem}" in error_of(path)


def test_a_missing_tensor_is_refused(tmp_path):
    path = written(tmp_path / "state.pt", sample(anchor={"a.bias": sample().anchor["a.bias"]}))
    assert "YZ541 has parts that contradict each other: KeyError: 'anchor/b.weight'" in error_of(path)
