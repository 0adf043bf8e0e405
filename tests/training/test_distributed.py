"""Several processes: their words, their gradients, and that they train as one."""

import json
import math
from dataclasses import replace

import pytest
import torch

from tests.training.several import together
from tests.training.test_self_distillation import Taught
from tests.training.tiny import ADAPTERS, MODEL, StopAfter, files_in, outcome, training_config
from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.contract.sections.model import ModelConfig
from yolozu.contract.sections.trained_model import TrainedModelConfig
from yolozu.errors import Interrupted, UsageError
from yolozu.progress import SilentProgress
from yolozu.training.distributed import SINGLE_PROCESS, LostPeerError, StoppedByRank0, joined
from yolozu.training.non_finite.bundle import read_bundle

pytestmark = pytest.mark.slow


def test_who_is_alone_talks_to_itself():
    summed = torch.ones(2)
    SINGLE_PROCESS.start_sum(summed)()
    assert (SINGLE_PROCESS.all_gather(3), SINGLE_PROCESS.to_first(3), SINGLE_PROCESS.from_first(3)) == ([3], [3], 3)
    assert (SINGLE_PROCESS.any(True), SINGLE_PROCESS.any(False), SINGLE_PROCESS.is_first) == (True, False, True)
    assert summed.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("local_rank", ["0", "3"])
def test_too_few_gpus_are_told_of_by_every_process(monkeypatch, local_rank):
    """Those that have one would wait for the others."""
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_RANK", local_rank)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    with pytest.raises(UsageError, match="device: cuda:3: YZ501 this machine has 2 CUDA devices"), joined("cuda"):
        pass


def everything(group):
    tensors = [torch.full((3,), float(group.rank)), torch.tensor(group.rank)]
    group.copy_from_first(tensors)
    sums = [torch.full((2,), 2.0 * group.rank), torch.tensor(1.0)]
    waiting = [group.start_sum(one) for one in sums]
    said = group.all_gather({"rank": group.rank})  # while sums are under way
    for wait in reversed(waiting):
        wait()
    return (
        said,
        group.to_first(group.rank),
        group.from_first(f"from {group.rank}"),
        [group.any(group.rank == 1), group.any(False)],
        [one.tolist() for one in sums],
        [tensor.tolist() for tensor in tensors],
    )


def test_what_processes_have_in_common():
    first, second, third = together(everything, size=3)
    assert first[0] == second[0] == [{"rank": 0}, {"rank": 1}, {"rank": 2}]
    assert (first[1], second[1]) == ([0, 1, 2], None)
    assert second[2] == "from 0"
    assert first[3] == third[3] == [True, False]
    assert first[4] == third[4] == [[6.0, 6.0], 3.0]
    assert third[5] == [[0.0, 0.0, 0.0], 0]


def leaving(group):
    """The first process goes without a word."""
    if group.is_first:
        return "gone"
    try:
        group.all_gather(1)
    except LostPeerError as error:
        return str(error)
    return "nobody was missed"


def test_a_process_that_is_gone_is_missed():
    said = together(leaving)[1]
    assert "training on several processes: YZ525 another process is gone: " in said
    assert "fix: run the same command again; it goes on from the last checkpoint" in said


def model_with(norm):
    """The tiny detector without dropout, whose random numbers are each process's own."""
    config = MODEL.model_dump(mode="json")
    config["backbone"]["norm"] = config["encoder"]["norm"] = norm
    return ModelConfig.model_validate({**config, "decoder": {**config["decoder"], "dropout": 0.0}})


PAINTED = {"mask_prob": 0.6, "patch_size": 8}
SMOOTH = {"optimizer": "sgd", "momentum": 0.0, "lr": 1e-3, "lr_warmup_steps": 0, "batch_size": 5, "max_steps": 4}


def train(group, tiny, directory, options, *, norm=None, stop_after=None):
    """A training in one of the processes; how it ended."""
    if norm is not None:
        tiny = replace(tiny, objective=replace(tiny.objective, model=model_with(norm)))
    stopping = StopAfter(stop_after) if stop_after is not None and group.rank == 1 else lambda: False
    try:
        tiny.fit(directory, training_config(ddp=True, **options), stopping=stopping, processes=group)
    except (StoppedByRank0, Interrupted, UsageError) as end:
        return f"{type(end).__name__} {end}".strip()
    return None


def distance(one, other, start):
    """How far apart trained weights are, relative to how far they went."""
    names = [name for name in one if "running" not in name and "num_batches" not in name]
    apart, gone = (
        math.sqrt(sum(float((one[name].double() - values[name].double()).square().sum()) for name in names))
        for values in (other, start)
    )
    return apart / gone


@pytest.mark.effect("model.backbone.norm", "model.encoder.norm")
@pytest.mark.parametrize(("norm", "tolerance"), [("gn", 1e-2), ("frozenbn", 1e-4), ("syncbn", 1e-2), ("bn", None)])
def test_two_processes_train_as_one(tiny, tmp_path, norm, tolerance):
    """11 images in batches of 5, 5 and 1: parts of 3 and 2 images, and of the last batch 1 and none.

    Weights end up apart by a share of the way they went, because the order of sums differs, and training magnifies
    that: starting one process from weights that differ by 1e-7 gives about the same. With `bn` each process has
    statistics of its own images, and the two trainings are others.
    """
    train(SINGLE_PROCESS, tiny, tmp_path / "one", SMOOTH, norm=norm)
    start = {name: value.clone() for name, value in tiny.materials(training_config()).detector.state_dict().items()}
    assert together(train, tiny, tmp_path / "two", SMOOTH, norm=norm) == [None, None]
    one, two = (read_checkpoint(tmp_path / name / "last.pt") for name in ("one", "two"))
    apart = distance(one.weights, two.weights, start)
    if tolerance is None:
        assert apart > 0.1
        return
    assert apart < tolerance
    assert distance(one.ema, two.ema, start) < tolerance
    for log in ("train.jsonl", "val.jsonl"):
        rows_of_one, rows_of_two = (
            [json.loads(line) for line in (tmp_path / name / log).read_text().splitlines()] for name in ("one", "two")
        )
        assert [row["meta"] for row in rows_of_two] == [row["meta"] for row in rows_of_one]
        for row, other in zip(rows_of_one, rows_of_two, strict=True):
            assert other["losses"] == pytest.approx(row["losses"], rel=1e-4, abs=1e-5)


def test_two_processes_learn_poses_as_one_in_every_phase(tiny_poses, tmp_path):
    """One step of the offset head, one of the intrinsics head, two of all; norms that look at no other image."""
    model = ModelConfig.model_validate({**model_with("frozenbn").model_dump(), "pose": True, "use_uncertainty": True})
    posed = replace(tiny_poses, objective=replace(tiny_poses.objective, model=model))
    options = {**SMOOTH, "stage_off_steps": 1, "stage_k_steps": 1}
    train(SINGLE_PROCESS, posed, tmp_path / "one", options)
    start = {name: value.clone() for name, value in posed.materials(training_config()).detector.state_dict().items()}
    assert together(train, posed, tmp_path / "two", options) == [None, None]
    one, two = (read_checkpoint(tmp_path / name / "last.pt") for name in ("one", "two"))
    assert distance(one.weights, two.weights, start) < 1e-3
    rows_of_one, rows_of_two = (
        [json.loads(line) for line in (tmp_path / name / "train.jsonl").read_text().splitlines()]
        for name in ("one", "two")
    )
    for row, other in zip(rows_of_one, rows_of_two, strict=True):
        assert {"log_z", "rot", "offsets", "k", "t"} <= set(row["losses"])
        assert other["losses"] == pytest.approx(row["losses"], rel=1e-4, abs=1e-5)


def test_two_processes_paint_as_one(tiny_painting, tmp_path):
    """Norms share the statistics of whole images, and need no other process where patches are hidden."""
    model = TrainedModelConfig.model_validate({**model_with("syncbn").model_dump(), "reconstruction": PAINTED})
    painting = replace(tiny_painting, objective=replace(tiny_painting.objective, model=model))
    train(SINGLE_PROCESS, painting, tmp_path / "one", SMOOTH)
    start = {name: value.clone() for name, value in painting.materials(training_config()).detector.state_dict().items()}
    assert together(train, painting, tmp_path / "two", SMOOTH) == [None, None]
    one, two = (read_checkpoint(tmp_path / name / "last.pt") for name in ("one", "two"))
    assert distance(one.weights, two.weights, start) < 1e-2
    rows_of_one, rows_of_two = (
        [json.loads(line) for line in (tmp_path / name / "train.jsonl").read_text().splitlines()]
        for name in ("one", "two")
    )
    for row, other in zip(rows_of_one, rows_of_two, strict=True):
        assert row["losses"]["mim"] > 0.0
        assert other["losses"] == pytest.approx(row["losses"], rel=1e-4, abs=1e-5)


def test_two_processes_adapt_as_one(tiny_adapting, tmp_path):
    """The base keeps its bits in both, and norms their statistics, so that no process waits for another in them."""
    lora = {"rank": 2, "alpha": 3.0, "target": "all_linear_conv1x1"}
    model = TrainedModelConfig.model_validate({**model_with("syncbn").model_dump(), "lora": lora})
    adapting = replace(tiny_adapting, objective=replace(tiny_adapting.objective, model=model))
    options = {**SMOOTH, **ADAPTERS, "lora_dropout": 0.0}
    train(SINGLE_PROCESS, adapting, tmp_path / "one", options)
    start = {name: value.clone() for name, value in adapting.materials(training_config()).detector.state_dict().items()}
    assert together(train, adapting, tmp_path / "two", options) == [None, None]
    one, two = (read_checkpoint(tmp_path / name / "last.pt") for name in ("one", "two"))
    assert distance(one.weights, two.weights, start) < 1e-4
    for name, value in start.items():
        assert "lora_" in name or (torch.equal(one.weights[name], value) and torch.equal(two.weights[name], value))


def test_two_processes_replay_as_one(tiny_replaying, tmp_path):
    """Of each batch of five images one is replayed; the process without it has nothing stored, and counts alike."""
    model = model_with("gn")
    replaying = replace(tiny_replaying, objective=replace(tiny_replaying.objective, model=model))
    train(SINGLE_PROCESS, replaying, tmp_path / "one", SMOOTH)
    start = {
        name: value.clone() for name, value in replaying.materials(training_config()).detector.state_dict().items()
    }
    assert together(train, replaying, tmp_path / "two", SMOOTH) == [None, None]
    one, two = (read_checkpoint(tmp_path / name / "last.pt") for name in ("one", "two"))
    assert distance(one.weights, two.weights, start) < 1e-2
    rows_of_one, rows_of_two = (
        [json.loads(line) for line in (tmp_path / name / "train.jsonl").read_text().splitlines()]
        for name in ("one", "two")
    )
    assert any(row["losses"]["derpp"] > 0.0 for row in rows_of_one)
    for row, other in zip(rows_of_one, rows_of_two, strict=True):
        assert other["losses"] == pytest.approx(row["losses"], rel=1e-4, abs=1e-5)


def test_two_processes_are_taught_as_one(tiny, tmp_path):
    """What the teacher sees counts among the objects of the window, also where a process has no image."""
    taught = Taught(tiny.train, tiny.val, replace(tiny.objective, model=model_with("gn")), pseudo_labels="train")
    train(SINGLE_PROCESS, taught, tmp_path / "one", SMOOTH)
    assert together(train, taught, tmp_path / "two", SMOOTH) == [None, None]
    rows_of_one, rows_of_two = (
        [json.loads(line) for line in (tmp_path / name / "train.jsonl").read_text().splitlines()]
        for name in ("one", "two")
    )
    for row, other in zip(rows_of_one, rows_of_two, strict=True):
        assert row["losses"]["self_distill"] > 0.0
        assert other["losses"] == pytest.approx(row["losses"], rel=1e-3, abs=1e-5)


QUICK = {"max_steps": 3, "batch_size": 4, "val_every_steps": 2, "gradient_accumulation_steps": 1}


def test_stopped_processes_go_on_bit_for_bit(tiny, tmp_path):
    """Only the second of three is asked to stop; sums of three depend on the order in which they are made."""
    assert together(train, tiny, tmp_path / "whole", QUICK, size=3) == [None] * 3
    ends = []
    for stop_after in (2, None):
        ends += together(train, tiny, tmp_path / "parts", QUICK, stop_after=stop_after, size=3)
    assert [end and end.split(" ")[0] for end in ends] == ["Interrupted", *["StoppedByRank0"] * 2, *[None] * 3]
    assert outcome(tmp_path / "parts") == outcome(tmp_path / "whole")
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == [
        "best.pt", "last.pt", "train.jsonl", "val.jsonl",
    ]  # fmt: skip


def train_on(group, tiny, directory, bad):
    """Train on images without objects, or with a loss that is no number at the second process."""
    chosen = training_config(**{**SMOOTH, "max_steps": 2})
    materials = tiny.materials(chosen)

    class Loss:
        of_predictions = materials.loss.of_predictions

        def __call__(self, output, targets, step=None):
            total, terms = materials.loss(output, targets, step)
            return (total * math.nan if bad and group.rank == 1 and len(targets.valid_BT) else total), terms

    records = materials.train_index.records
    keep = [replace(record, **{} if bad else emptied(record)) for record in records]
    tiny = replace(tiny, train=replace(tiny.train, records=tuple(keep)))
    try:
        tiny.fit(directory, chosen, materials=replace(tiny.materials(chosen), loss=Loss()), processes=group)
    except (StoppedByRank0, UsageError) as end:
        return f"{type(end).__name__} {end}".strip()
    return None


def emptied(record):
    return {name: getattr(record, name)[:0] for name in ("class_indices", "boxes_cxcywh", "is_crowd", "areas_px")}


def test_no_object_anywhere_is_no_obstacle(tiny, tmp_path):
    assert together(train_on, tiny, tmp_path, False) == [None, None]


def test_a_loss_that_is_not_finite_in_one_process_ends_all_and_leaves_the_whole_step(tiny, tmp_path):
    first, second = together(train_on, tiny, tmp_path, True)
    assert second == "StoppedByRank0"
    assert first.startswith("UsageError training, optimizer step 1 of 2: YZ506 the loss is not a finite number, on ")
    (bundle,) = files_in(tmp_path).black_boxes.iterdir()
    assert [len(part.share.batch.indices) for part in read_bundle(bundle).parts] == [3, 3, 2, 2]


def test_another_number_of_processes_is_warned_about(tiny, tmp_path):
    together(train, tiny, tmp_path, {**QUICK, "max_steps": 2})
    said = []

    class Telling(SilentProgress):
        def say(self, line):
            said.append(line)

    tiny.fit(tmp_path, training_config(ddp=True, **{**QUICK, "max_steps": 2}), progress=Telling())
    assert said[:2] == [
        "going on from optimizer step 2",
        "warning: the state was made by 2 processes, now there are 1, and sums have another order: from here on, bits "
        "may differ from those of an uninterrupted training",
    ]
