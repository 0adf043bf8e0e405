"""A training starts from the weights that the contract names, and says which."""

import json

import pytest
import torch

from tests.fixtures.hub import stand_in_hub
from tests.model.tiny import scattered
from tests.model.weights.published import publish
from tests.stages.contexts import Notes
from tests.stages.test_train import context, inputs, outputs_in, spec  # noqa: F401 - `inputs` is a fixture
from tests.test_examples import REPOSITORY
from tests.training.tiny import CLASSES, MODEL
from yolozu.artifacts.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from yolozu.artifacts.coco_classes import COCO_CLASSES
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.hub import fetch_weights
from yolozu.artifacts.init_report import read_init_report
from yolozu.artifacts.published_weights import SPELLINGS
from yolozu.artifacts.weight_files import weight_files
from yolozu.contract.loader import load_contract
from yolozu.contract.sections.init_from import InitSection
from yolozu.contract.sections.optim import LengthSection, OptimSection
from yolozu.contract.sections.train import LoopSection
from yolozu.errors import InputError, Interrupted
from yolozu.model.detector import build_detector
from yolozu.stages.train import run
from yolozu.structures.classes import ClassTable
from yolozu.training.first_weights import initialize_from_file
from yolozu.training.randomness import seeded

CAT_RED = ClassTable(("cat", "red"), (1, 2))


@pytest.fixture
def file(tmp_path):
    """A checkpoint of a detector that knows cats and red things."""
    with seeded(9, "weights"):
        detector = build_detector(MODEL, num_classes=2)
    scattered(detector)
    weights = dict(detector.state_dict())
    config = MODEL.model_dump(mode="json")
    saved = Checkpoint(config, CAT_RED, {}, weights, None, "model", "", step=7, epoch=1, metrics={})
    write_checkpoint(tmp_path / "given.pt", saved)
    return tmp_path / "given.pt"


def planned(file, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    files = {name: digest_file(found) for name, found in weight_files(file).items()}
    path.write_text(json.dumps({"schema_version": 1, "files": files}))
    return path


def fresh():
    with seeded(0, "weights"):
        return build_detector(MODEL, num_classes=len(CLASSES))


def initialize(detector, note, path, head_init=None):
    return initialize_from_file(detector, MODEL, CLASSES, init_from=path, head_init=head_init, planned=note)


def initialized(file, tmp_path, **keys):
    detector = fresh()
    note = planned(file, tmp_path / "plan/init_from.json")
    return detector.state_dict(), *initialize(detector, note, str(file), **keys)


def test_without_a_file_nothing_is_done(tmp_path):
    detector = fresh()
    expected = {name: tensor.clone() for name, tensor in detector.state_dict().items()}
    found = initialize(detector, tmp_path / "plan/init_from.json", None)
    assert found == (None, ())
    assert all(torch.equal(tensor, expected[name]) for name, tensor in detector.state_dict().items())


@pytest.mark.effect("init_from")
def test_the_detector_has_the_file_s_weights_and_the_report_says_so(file, tmp_path):
    found, report, lines = initialized(file, tmp_path)
    given = read_checkpoint(file).weights
    assert all(torch.equal(found[name], tensor) for name, tensor in given.items() if not name.endswith("tracked"))
    assert report.files == {"given.pt": digest_file(file)}
    assert (report.init_from, report.kind, report.head_init) == (str(file), "a yolozu checkpoint of step 7", None)
    assert [row.part for row in report.table] == [
        "backbone", "projector", "encoder", "memory_projector", "selector", "decoder", "denoising",
    ]  # fmt: skip
    assert report.timestamp.endswith("+00:00")
    assert lines[0].startswith(f"weights from {file} (a yolozu checkpoint of step 7): ")
    assert lines[1].startswith("  warning: classes keep their places but not their names: 0 was 'cat', is 'red'")


@pytest.mark.effect("head_init")
@pytest.mark.parametrize(("head_init", "rows"), [("remap", [1, None]), ("reinit", [None, None])])
def test_class_rows_go_where_head_init_says(file, tmp_path, head_init, rows):
    found, report, lines = initialized(file, tmp_path, head_init=head_init)
    given, new = read_checkpoint(file).weights, fresh().state_dict()
    for name in ("selector.logits.weight", "decoder.heads.logits.1.bias"):
        expected = [new[name][place] if row is None else given[name][row] for place, row in enumerate(rows)]
        assert torch.equal(found[name], torch.stack(expected))
    assert [entry.from_index for entry in report.classes] == rows
    assert (
        lines[1]
        == f"  {2 - rows.count(None)} of 2 classes from it; new: {'blue' if head_init == 'remap' else 'red, blue'}"
    )


def test_a_file_that_changed_after_planning_is_refused(file, tmp_path):
    note = planned(file, tmp_path / "plan/init_from.json")
    with file.open("ab") as more:
        more.write(b"x")
    with pytest.raises(InputError) as caught:
        initialize(fresh(), note, str(file))
    assert str(caught.value) == (
        f"{file}: YZ421 has changed since the run was planned\n"
        "  fix: run the same command again: it plans with the files as they are"
    )


@pytest.mark.slow
@pytest.mark.effect("init_from")
def test_published_weights_are_loaded_by_their_name_exactly(tmp_path, monkeypatch):
    """The layout, the configuration and the classes of rtdetr_r18vd; only the numbers are random."""
    named = dict(enumerate(COCO_CLASSES.names))
    published = publish("r18", 1, tmp_path / "hub", num_queries=300, id2label=named)
    hub = stand_in_hub(monkeypatch, rtdetr_r18vd_coco=published.directory)
    note = tmp_path / "init_from.json"
    note.write_text(json.dumps({"schema_version": 1, "files": SPELLINGS["rtdetr_r18vd_coco"].known_by}))
    config = load_contract(REPOSITORY / "configs/examples/rtdetr_r18vd.yaml").contract.model.model
    detector = build_detector(config, num_classes=len(COCO_CLASSES)).eval()

    def loaded():
        return initialize_from_file(
            detector, config, COCO_CLASSES, init_from="rtdetr_r18vd_coco", head_init="remap", planned=note
        )

    with pytest.raises(InputError, match="YZ457 has not been fetched yet"):
        loaded()
    fetch_weights(SPELLINGS["rtdetr_r18vd_coco"], lambda _: None)
    report, lines = loaded()
    assert lines == ("weights from rtdetr_r18vd_coco (an RT-DETR of transformers): 20,209,680 numbers, 0 new",)
    assert report.files == {name: digest_file(hub.published["PekingU/rtdetr_r18vd"] / name) for name in report.files}
    assert list(report.files) == ["model.safetensors", "config.json"]
    image = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours, theirs = detector(image), published.model(image)
    our_rows = torch.cat([ours.pred_logits, ours.pred_boxes], -1)[0]
    their_rows = torch.cat([theirs.logits, theirs.pred_boxes], -1)[0]
    apart = (our_rows[:, None] - their_rows).abs().amax(-1)  # queries of one score may come in another order
    assert apart.argmin(1).sort().values.tolist() == list(range(300))
    assert apart.amin(1).max() < 1e-4


def still(file, **loop):
    """A training that changes no weight, which shows what it began with."""
    return spec(
        init=InitSection(init_from=str(file), head_init="remap"),
        optim=OptimSection(lr=0.0, weight_decay=0.0),
        length=LengthSection(max_steps=2),
        loop=LoopSection(batch_size=3, use_ema=True, ema_eval=True, ema_decay=0.5, **loop),
    )


@pytest.mark.slow
@pytest.mark.effect("init_from")
def test_weights_and_average_start_from_the_file_and_the_run_keeps_the_report(file, inputs, tmp_path):  # noqa: F811
    planned(file, inputs.init_from)
    notes, outputs = Notes(), outputs_in(tmp_path / "out")
    run(still(file), inputs, outputs, context(tmp_path, progress=notes))
    last, given = read_checkpoint(outputs.last), read_checkpoint(file).weights
    learned = [name for name, _ in fresh().named_parameters() if "logits" not in name and "denoising" not in name]
    for tensors in (last.weights, last.ema):
        assert all(torch.allclose(tensors[name], given[name], rtol=0.0, atol=1e-6) for name in learned)
    report = read_init_report(outputs.init)
    assert [(entry.name, entry.from_name) for entry in report.classes] == [("red", "red"), ("blue", None)]
    assert notes.lines[0].startswith(f"weights from {file} ")
    assert notes.lines[1] == "  1 of 2 classes from it; new: blue"
    assert notes.lines[2].startswith("training for 2 optimizer steps")


@pytest.mark.slow
def test_a_stopped_training_goes_on_from_its_own_weights(file, inputs, tmp_path):  # noqa: F811
    planned(file, inputs.init_from)
    moving = replace_optim(still(file))
    whole = outputs_in(tmp_path / "whole")
    run(moving, inputs, whole, context(tmp_path))
    outputs, notes, asked = outputs_in(tmp_path / "out"), Notes(), iter([False, True])
    with pytest.raises(Interrupted):
        run(moving, inputs, outputs, context(tmp_path, stopping=lambda: next(asked)))
    run(moving, inputs, outputs, context(tmp_path, progress=notes))
    assert digest_file(outputs.last) == digest_file(whole.last)
    assert not any("weights from" in line for line in notes.lines)
    assert notes.lines[0] == "going on from optimizer step 1"
    assert read_init_report(outputs.init).classes == read_init_report(whole.init).classes


def replace_optim(chosen):
    return chosen.model_copy(update={"optim": OptimSection(lr=1e-3)})
