"""Checkpoints: what comes back, and what is refused with which words."""

import io
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.small_disk import files_end_at
from yolozu.artifacts import checkpoint as module
from yolozu.artifacts.checkpoint import Checkpoint, TrainingRecord, read_checkpoint, write_checkpoint
from yolozu.errors import InputError
from yolozu.structures.classes import ClassTable


def sample(**changes):
    generator = torch.Generator().manual_seed(0)
    weights = {"a.weight": torch.randn(3, 4, generator=generator), "a.count": torch.tensor(5)}
    keys = {
        "model_config": {"num_queries": 10},
        "classes": ClassTable(("cat", "dög"), (3, 1)),
        "preprocess": {"height": 64},
        "weights": weights,
        "ema": {name: tensor + 1 for name, tensor in weights.items()},
        "eval_weights": "ema",
        "contract_digest": "abc",
        "step": 12,
        "epoch": 2,
        "metrics": {"map50_95": 0.1 + 0.2, "map_small": None},
        "training_state": TrainingRecord({"best": 0.1, "rows": [1, 2]}, {"optimizer/a.weight/step": torch.tensor(3.0)}),
    }
    return Checkpoint(**{**keys, **changes})


def written(path, checkpoint):
    write_checkpoint(path, checkpoint)
    return path


def error_of(path):
    with pytest.raises(InputError) as caught:
        read_checkpoint(path)
    return str(caught.value)


def assert_equal_tensors(one, other):
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name])
        assert tensor.dtype == other[name].dtype


def test_everything_comes_back(tmp_path):
    before = sample()
    after = read_checkpoint(written(tmp_path / "last.pt", before))
    assert_equal_tensors(before.weights, after.weights)
    assert_equal_tensors(before.ema, after.ema)
    assert_equal_tensors(before.training_state.tensors, after.training_state.tensors)
    plain = {"weights": {}, "ema": None, "training_state": None}
    assert replace(before, **plain) == replace(after, **plain)
    assert after.training_state.values == before.training_state.values
    assert after.source == str(tmp_path / "last.pt")


def test_optional_parts_may_be_absent(tmp_path):
    after = read_checkpoint(written(tmp_path / "a.pt", sample(ema=None, training_state=None, eval_weights="model")))
    assert after.ema is None
    assert after.training_state is None
    assert after.evaluation_weights() is after.weights


def test_evaluation_weights_are_the_average_where_it_says_so(tmp_path):
    after = read_checkpoint(written(tmp_path / "a.pt", sample()))
    assert after.evaluation_weights() is after.ema


def test_equal_checkpoints_are_equal_files_also_after_a_round_trip(tmp_path):
    first = written(tmp_path / "one.pt", sample())
    second = written(tmp_path / "another_name.pt", sample())
    third = written(tmp_path / "third.pt", read_checkpoint(second))
    assert first.read_bytes() == second.read_bytes() == third.read_bytes()


def test_memory_layout_and_views_leave_no_trace(tmp_path):
    tensor = torch.randn(2, 8, 3, 3)
    plain = written(tmp_path / "plain.pt", sample(weights={"w": tensor}, ema=None, eval_weights="model"))
    for name, same in {
        "channels last": tensor.to(memory_format=torch.channels_last),
        "a slice of more": torch.cat([tensor, tensor])[:2],
        "a parameter": torch.nn.Parameter(tensor),
    }.items():
        other = written(tmp_path / f"{name}.pt", sample(weights={"w": same}, ema=None, eval_weights="model"))
        assert other.read_bytes() == plain.read_bytes(), name


def test_what_the_average_has_in_common_with_the_weights_lies_in_the_file_once(tmp_path):
    """By bits: zeros of both signs are equal, and stay what they are. Whether tensors were shared leaves no trace."""
    large = torch.randn(64, 64, generator=torch.Generator().manual_seed(1)).to(memory_format=torch.contiguous_format)
    zeros = torch.zeros(64, 64)
    given = {"a.weight": large, "b.weight": zeros}
    shared = sample(weights=given, ema={"a.weight": large, "b.weight": -zeros})
    copied = sample(weights=given, ema={"a.weight": large.clone(), "b.weight": -zeros})
    path = written(tmp_path / "shared.pt", shared)
    assert written(tmp_path / "copied.pt", copied).read_bytes() == path.read_bytes()
    assert 3 * large.nbytes < path.stat().st_size < 3.5 * large.nbytes
    after = read_checkpoint(path)
    assert_equal_tensors(after.ema, shared.ema)
    assert torch.signbit(after.ema["b.weight"]).all()
    assert not torch.signbit(after.weights["b.weight"]).any()
    assert written(tmp_path / "again.pt", after).read_bytes() == path.read_bytes()


def test_a_missing_file(tmp_path):
    assert error_of(tmp_path / "no.pt") == (
        f"{tmp_path}/no.pt: YZ450 checkpoint cannot be read: No such file or directory\n"
        "  fix: check the path; doit run_id=… train makes one"
    )
    assert error_of(tmp_path).startswith(f"{tmp_path}: YZ450 checkpoint cannot be read: Is a directory\n")


def test_something_else_altogether(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"\x08\x08\x12\x04onnx")
    assert error_of(path) == (
        f"{path}: YZ452 is no checkpoint\n  fix: give a last.pt or best.pt that yolozu has written"
    )
    path.write_bytes(b"")
    assert error_of(path).startswith(f"{path}: YZ452 is no checkpoint\n")


def test_a_torch_file_of_somebody_else(tmp_path):
    path = tmp_path / "other.pt"
    torch.save({"model": {"w": torch.zeros(1)}}, path)
    assert error_of(path).startswith(f"{path}: YZ452 is a torch file, but no yolozu checkpoint\n")
    torch.save(torch.zeros(1), path)
    assert error_of(path).startswith(f"{path}: YZ452 is a torch file, but no yolozu checkpoint\n")


class Bomb:
    """Unpickling it would write a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_code_in_a_pickle_is_refused_and_never_run(tmp_path):
    path, trace = tmp_path / "bomb.pt", tmp_path / "it ran"
    torch.save({"format": module.FORMAT, "schema_version": 1, "x": Bomb(trace)}, path)
    assert error_of(path) == (
        f"{path}: YZ452 holds Python objects other than tensors, which are never executed\n"
        "  fix: give a last.pt or best.pt that yolozu has written"
    )
    path.write_bytes(pickle.dumps(Bomb(trace)))
    assert error_of(path).startswith(f"{path}: YZ452 is no checkpoint\n")
    assert not trace.exists()


def test_a_zip_archive_of_something_else(tmp_path):
    path = tmp_path / "archive.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/readme.txt", "hello")
    assert error_of(path).startswith(f"{path}: YZ451 checkpoint is damaged: ")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 10_000)
    assert error_of(path).startswith(f"{path}: YZ452 is a compressed archive, no checkpoint\n")


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_truncated_file(tmp_path, share):
    whole = written(tmp_path / "last.pt", sample()).read_bytes()
    path = tmp_path / "cut.pt"
    path.write_bytes(whole[: int(len(whole) * share)])
    assert error_of(path) == (
        f"{path}: YZ451 checkpoint is damaged: it ends too early, or its table of contents is broken\n"
        "  fix: copy it again from where it came, or train again"
    )


def test_a_flipped_bit_in_a_tensor(tmp_path):
    path = written(tmp_path / "last.pt", sample())
    content = bytearray(path.read_bytes())
    place = content.index(sample().weights["a.weight"].numpy().tobytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert "YZ451 checkpoint is damaged: archive/data/" in error_of(path)


@given(position=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_changed_byte_gives_the_same_checkpoint_or_one_clear_error(tmp_path, position, value):
    path = written(tmp_path / "last.pt", sample())
    content = bytearray(path.read_bytes())
    content[int(position * len(content))] = value
    path.write_bytes(content)
    told = ""
    try:
        assert_equal_tensors(read_checkpoint(path).weights, sample().weights)
    except InputError as error:
        told = str(error)
    assert told == "" or told.startswith((f"{path}: YZ451 ", f"{path}: YZ452 "))


def payload_with(path, **changes):
    payload = torch.load(written(path, sample()), weights_only=True)
    torch.save({**payload, **changes}, path)
    return path


@pytest.mark.parametrize(
    ("version", "fix"),
    [(0, "train again, or read it with the yolozu that wrote it"), (2, "use the newer yolozu that wrote it")],
)
def test_another_schema_version(tmp_path, version, fix):
    path = payload_with(tmp_path / "old.pt", schema_version=version)
    assert error_of(path) == (
        f"{path}: YZ453 checkpoint of schema version {version}, this yolozu reads version 1\n  fix: {fix}"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"header": "{}"},
        {"header": "no json"},
        {"header": 3},
        {"tensors": {"elsewhere/w": torch.zeros(1)}},
        {"tensors": {"weights/w": 1.0}},
        {"tensors": [1]},
    ],
)
def test_contradicting_parts(tmp_path, changes):
    path = payload_with(tmp_path / "odd.pt", **changes)
    assert error_of(path).startswith(f"{path}: YZ454 checkpoint whose parts contradict each other: ")


@pytest.mark.parametrize("room", [0, 2_000, 3_000_000])
def test_a_full_disk_is_what_the_system_says_of_the_file(tmp_path, room):
    path = written(tmp_path / "last.pt", sample())
    before = path.read_bytes()
    large = sample(weights={"a": torch.zeros(1_000_000)}, ema=None, eval_weights="model")
    with pytest.raises(OSError, match="File too large") as caught, files_end_at(room):
        write_checkpoint(path, large)
    assert caught.value.filename == str(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["last.pt"]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = written(tmp_path / "last.pt", sample())
    before = path.read_bytes()

    def fail(payload, file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match="No space left"):
        write_checkpoint(path, sample(step=13))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["last.pt"]


def test_reading_needs_no_seekable_name_only_bytes(tmp_path):
    content = written(tmp_path / "last.pt", sample()).read_bytes()
    assert torch.load(io.BytesIO(content), weights_only=True)["format"] == "yolozu.checkpoint"
