"""The training stage: what it declares, what it refuses, what it writes."""

import json
import os
from dataclasses import replace

import pytest

from tests.stages.contexts import context_in
from tests.training.loggers.test_tensorboard import scalars
from tests.training.tiny import MODEL, make_index
from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.artifacts.digest import digest_file, digest_of
from yolozu.artifacts.meshes import ObjectModels
from yolozu.artifacts.run_meta import read_run_meta
from yolozu.contract.sections.continual import ContinualSection
from yolozu.contract.sections.data import PreprocessSection
from yolozu.contract.sections.model import ModelSection
from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.optim import LengthSection, ScheduleSection
from yolozu.contract.sections.predict import VALIDATED, PredictSection
from yolozu.contract.sections.run import Contract
from yolozu.contract.sections.train import DeviceSection, LoopSection
from yolozu.contract.spec_history import comparable
from yolozu.data.index import DataIndex
from yolozu.data.preprocess import Preprocess
from yolozu.errors import InputError
from yolozu.model.loading import detector_from
from yolozu.stages import train as train_stage
from yolozu.stages.base import links
from yolozu.stages.train import STAGE, TrainInputs, TrainOutputs, TrainSpec, run
from yolozu.structures.classes import ClassTable

PROVENANCE = {"contract_digest": "c" * 64, "dataset_digest": "d" * 64, "argv": ["doit", "train"]}


def spec(**sections):
    chosen = {
        "preprocess": PreprocessSection(image_size=64),
        "model": ModelSection(model=MODEL),
        "length": LengthSection(max_steps=2),
        "loop": LoopSection(batch_size=3),
        **sections,
    }
    return TrainSpec.slice_of(Contract(**chosen))


@pytest.fixture
def inputs(tmp_path):
    return inputs_in(tmp_path)


def inputs_in(tmp_path):
    found = TrainInputs(
        train=tmp_path / "data/train.json",
        val=tmp_path / "data/val.json",
        models=tmp_path / "data/models.json",
        init_from=tmp_path / "plan/init_from.json",
        backgrounds=tmp_path / "plan/backgrounds.json",
        earlier=None,
    )
    make_index(tmp_path / "set", "train", 4, seed=0).write(found.train)
    make_index(tmp_path / "set", "val", 2, seed=1).write(found.val)
    ObjectModels().write(found.models)
    return found


def outputs_in(directory):
    paths = {name: directory / link.target for name, link in links(TrainOutputs).items()}
    for path in paths.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    return TrainOutputs(**paths)


def context(tmp_path, **changes):
    made = replace(context_in(tmp_path), provenance={**PROVENANCE, "cwd": str(tmp_path)}, **changes)
    made.scratch.mkdir(exist_ok=True)
    return made


def error_of(chosen, inputs, tmp_path):
    with pytest.raises(InputError) as caught:
        run(chosen, inputs, outputs_in(tmp_path / "out"), context(tmp_path))
    return str(caught.value)


def test_what_it_declares():
    assert (STAGE.name, STAGE.version, STAGE.resumable) == ("train", 2, True)
    assert {name: (link.kind, link.target) for name, link in links(STAGE.inputs).items()} == {
        "train": ("needs", "prepare_data.train"),
        "val": ("needs", "prepare_data.val"),
        "models": ("needs", "prepare_data.models"),
        "init_from": ("reads", "plan/init_from.json"),
        "backgrounds": ("reads", "plan/backgrounds.json"),
        "earlier": ("reads", "plan/earlier.json"),
    }
    assert {name: (link.target, link.carry) for name, link in links(STAGE.outputs).items()} == {
        "last": ("checkpoints/last.pt", True),
        "best": ("checkpoints/best.pt", True),
        "train_metrics": ("reports/train_metrics.jsonl", True),
        "val_metrics": ("reports/val_metrics.jsonl", True),
        "run_meta": ("reports/run_meta.json", False),
        "init": ("reports/init.json", False),
        "ewc_state": ("continual/ewc_state.pt", False),
        "si_state": ("continual/si_state.pt", False),
    }
    assert set(TrainSpec.model_fields) == {
        "seed", "device", "preprocess", "augment", "model", "init", "optim", "schedule", "length", "loop", "matching",
        "losses", "mim", "lora", "quantization", "distillation", "continual",
    }  # fmt: skip


SECTIONS = {"length": LengthSection, "schedule": ScheduleSection, "loop": LoopSection, "continual": ContinualSection}


def obstacle(before, after, *, finished=True):
    """Of keys of a training's length, schedule, loop and continual learning."""

    def made(keys):
        sections = {
            name: section(**{key: value for key, value in keys.items() if key in section.model_fields})
            for name, section in SECTIONS.items()
        }
        return comparable(TrainSpec, spec(**sections).model_dump(mode="json"))

    return TrainSpec.obstacle(made(before), made(after), finished=finished)


@pytest.mark.parametrize(
    ("before", "after", "goes_on"),
    [
        ({"max_steps": 10}, {"max_steps": 20}, "always"),
        ({"max_steps": 10}, {"max_steps": 10, "extend": True}, "always"),
        ({"epochs": 3, "max_steps": 10}, {"epochs": 3}, "always"),
        ({"epochs": 3}, {"epochs": 5}, "always"),
        ({"max_steps": 10}, {"max_steps": 9}, "unfinished"),
        ({"epochs": 3}, {"epochs": 3, "max_steps": 10}, "unfinished"),
        ({"max_steps": 10, "epochs": 5}, {"max_steps": 20, "epochs": 4}, "unfinished"),
        ({"max_steps": 10, "early_stop_patience": 2}, {"max_steps": 10, "early_stop_patience": 5}, "always"),
        ({"max_steps": 10, "early_stop_patience": 2}, {"max_steps": 10, "early_stop_patience": 0}, "always"),
        ({"max_steps": 10, "early_stop_patience": 2}, {"max_steps": 10, "early_stop_patience": 1}, "never"),
        ({"max_steps": 10, "early_stop_patience": 0}, {"max_steps": 10, "early_stop_patience": 1}, "never"),
        ({"max_steps": 10}, {"max_steps": 20, "val_every": 2}, "never"),
        ({"max_steps": 10}, {"max_steps": 10, "ewc": True, "ewc_samples": 4}, "always"),
        ({"max_steps": 10, "ewc": True}, {"max_steps": 20}, "always"),
        ({"max_steps": 10, "ewc": True}, {"max_steps": 10, "ewc": True, "ewc_lambda": 2.0}, "never"),
        ({"max_steps": 10}, {"max_steps": 10, "si": True}, "never"),
    ],
)
def test_a_training_goes_on_with_another_length_or_more_patience(before, after, goes_on):
    assert (obstacle(before, after) is None) is (goes_on == "always")
    assert (obstacle(before, after, finished=False) is None) is (goes_on != "never")


@pytest.mark.effect("extend")
@pytest.mark.parametrize("scheduler", ["cosine", "onecycle"])
@pytest.mark.parametrize("finished", [True, False])
def test_a_schedule_of_the_total_goes_on_with_another_length_only_where_extend_allows_it(scheduler, finished):
    short, long = ({"scheduler": scheduler, "max_steps": steps} for steps in (10, 20))
    assert obstacle(short, long, finished=finished) == (
        f"{scheduler} would have had other learning rates from the start; extend: true goes on all the same"
    )
    assert obstacle(short, {**long, "extend": True}, finished=finished) is None
    assert obstacle({**short, "early_stop_patience": 1}, {**short, "early_stop_patience": 2}, finished=finished) is None


def test_another_learning_rate_never_goes_on():
    old = comparable(TrainSpec, spec().model_dump(mode="json"))
    assert TrainSpec.obstacle(old, {**old, "optim": {**old["optim"], "lr": 0.5}}, finished=False) == ""


@pytest.mark.slow
def test_it_writes_all_its_outputs_and_nothing_else(inputs, tmp_path):
    outputs = outputs_in(tmp_path / "out")
    numbers = run(spec(), inputs, outputs, context(tmp_path))
    assert numbers == {
        "steps": 2,
        "epochs": 1,
        "best_step": 2,
        "best_metric": "map50_95",
        "best_score": 0.0,
        "stopped_early": False,
    }
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    made = [getattr(outputs, name) for name, link in links(TrainOutputs).items() if not link.optional]
    assert sorted(written) == sorted(made)
    assert list((tmp_path / "scratch").iterdir()) == []
    best = read_checkpoint(outputs.best)
    assert best.contract_digest == digest_of(spec().model_dump(mode="json"))
    assert best.classes == DataIndex.read(inputs.train).classes
    assert set(best.metrics) > {"map50_95", "map50", "ar100"}
    detector_from(best)
    meta = read_run_meta(outputs.run_meta)
    assert (meta.contract_digest, meta.dataset_digest) == ("c" * 64, "d" * 64)
    assert meta.command.argv == ["doit", "train"]
    assert meta.git is None
    assert meta.preprocess == best.preprocess
    assert meta.runtime.deterministic_algorithms
    assert meta.timestamps.started <= meta.timestamps.finished


@pytest.mark.slow
def test_the_same_request_gives_the_same_checkpoints_and_can_be_extended(inputs, tmp_path):
    digests = []
    for name in ("a", "b"):
        outputs = outputs_in(tmp_path / name)
        run(spec(), inputs, outputs, context(tmp_path))
        digests.append((digest_file(outputs.last), digest_file(outputs.best)))
    assert digests[0] == digests[1]
    carried = {name: getattr(outputs, name) for name, link in links(TrainOutputs).items() if link.carry}
    longer, extended = spec(length=LengthSection(max_steps=3)), outputs_in(tmp_path / "extended")
    assert run(longer, inputs, extended, context(tmp_path, published=carried))["steps"] == 3
    rows = [json.loads(line) for line in extended.val_metrics.read_text().splitlines()]
    assert [row["meta"]["optim_step"] for row in rows] == [2, 3]


@pytest.mark.slow
@pytest.mark.effect("tensorboard")
def test_tensorboard_gets_every_step_once_and_changes_no_bit(inputs, tmp_path):
    plain, logged = outputs_in(tmp_path / "plain"), outputs_in(tmp_path / "logged")
    run(spec(), inputs, plain, context(tmp_path))
    operations = OperationsSection(tensorboard=True, log_every=1)
    run(spec(), inputs, logged, context(tmp_path, operations=operations))
    assert digest_file(logged.best) == digest_file(plain.best)
    carried = {name: getattr(logged, name) for name, link in links(TrainOutputs).items() if link.carry}
    again = context(tmp_path, operations=operations, published=carried)
    run(spec(length=LengthSection(max_steps=4)), inputs, outputs_in(tmp_path / "extended"), again)
    events = scalars(tmp_path / "reports/tensorboard")
    assert [step for tag, step, _ in events if tag == "train/loss"] == [1, 2, 3, 4]
    assert [step for tag, step, _ in events if tag == "val/map50_95"] == [2, 4]


@pytest.mark.effect("model.num_classes")
def test_every_reason_against_the_data_is_named_together(inputs, tmp_path):
    train, val = DataIndex.read(inputs.train), DataIndex.read(inputs.val)
    replace(train, records=()).write(inputs.train)
    replace(val, classes=ClassTable(("red", "blue", "green"), (1, 7, 9))).write(inputs.val)
    model = ModelSection(model=MODEL.model_copy(update={"num_classes": 5}))
    root = tmp_path / "set"
    assert error_of(spec(model=model), inputs, tmp_path) == (
        f"split train of {root}: YZ507 holds no image\n"
        "  fix: add images, or name another split\n"
        "model.num_classes: YZ508 is 5, but the data set has 2 classes\n"
        "  fix: leave it out, or set it to 2\n"
        f"splits train and val of {root}: YZ509 have different class tables, of 2 and 3 classes\n"
        "  fix: give both splits the same classes, in the same order"
    )


@pytest.mark.parametrize(
    ("device", "key", "expected"),
    [
        ("cpu", None, (True, None)),
        ("cpu", False, (False, None)),
        ("cuda", None, (False, None)),
        ("cuda:1", True, (True, ":4096:8")),
    ],
)
@pytest.mark.effect("deterministic")
def test_what_deterministic_means_where(tmp_path, monkeypatch, device, key, expected):
    """On CUDA, cuBLAS needs a fixed workspace before CUDA starts; what was decided is on record."""
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    chosen = spec(device=DeviceSection(device=device), loop=LoopSection(deterministic=key))
    train_stage._hold_cublas(chosen)
    assert os.environ.get("CUBLAS_WORKSPACE_CONFIG") == expected[1]
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    train_stage._hold_cublas(chosen)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"
    preprocess = Preprocess.from_section(chosen.preprocess)
    meta = train_stage._run_meta(chosen, context(tmp_path), preprocess, "2026-01-01T00:00:00+00:00")
    assert meta.runtime.deterministic_algorithms is expected[0]


def test_validation_keeps_what_its_protocol_says_and_no_key_of_predictions_trains_anew():
    """The best checkpoint is chosen by the same numbers, whatever is predicted and evaluated later."""
    assert (VALIDATED.score_threshold, VALIDATED.max_detections) == (0.001, 300)
    keys = {key for section in TrainSpec.model_fields.values() for key in section.annotation.model_fields}
    assert keys & set(PredictSection.model_fields) == set()
