"""Test-time training, from the contract to what is predicted and reported."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.fixtures.exported import CLASSES, random_checkpoint, write_images
from tests.predict.ttt.tiny import PAINTER
from tests.stages.contexts import Notes, context_in
from yolozu.artifacts.checkpoint import write_checkpoint
from yolozu.artifacts.predictions import check_predictions, read_predictions
from yolozu.artifacts.record import read_record
from yolozu.contract.sections.predict import CorruptionSection, PredictSection, TtaSection, TttSection
from yolozu.contract.sections.train import DeviceSection
from yolozu.contract.sections.ttt_presets import PRESETS
from yolozu.data.index import DataIndex
from yolozu.errors import Interrupted
from yolozu.evaluation.quick_metrics import quick_metrics
from yolozu.predict.ttt.report import TttReport
from yolozu.predict.ttt.tent import Tent
from yolozu.stages.predict import PredictInputs, PredictOutputs, PredictSpec, run

pytestmark = pytest.mark.slow

IMAGES = 3


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A detector that can paint, and pictures in which something is to be found: (checkpoint, images)."""
    root = tmp_path_factory.mktemp("painter")
    write_checkpoint(root / "best.pt", random_checkpoint(0, CLASSES, PAINTER))
    index = write_images(root / "data")
    thing = {
        "class_indices": np.zeros(1, np.int64),
        "boxes_cxcywh": np.array([[0.5, 0.5, 0.25, 0.25]]),
        "is_crowd": np.zeros(1, np.bool_),
        "areas_px": np.array([400.0]),
    }
    replace(index, records=tuple(replace(record, **thing) for record in index.records)).write(root / "val.json")
    return root / "best.pt", root / "val.json"


@pytest.fixture
def adapt(files, tmp_path):
    """``adapt(**keys)``: scores and boxes of every image, and the report; keys are without their ``ttt_``."""

    def predict(ttt=True, notes=None, stopping=lambda: False, **keys):
        spec = PredictSpec(
            predict=PredictSection(adapter="rtdetr_pose", score_threshold=0.3, max_images=IMAGES),
            corruption=CorruptionSection(),
            tta=TtaSection(),
            ttt=TttSection(ttt=ttt, **{f"ttt_{name}": value for name, value in keys.items()}),
            device=DeviceSection(device="cpu"),
        )
        inputs = PredictInputs(
            checkpoint=files[0],
            onnx=tmp_path / "model.onnx",
            parity=tmp_path / "parity.json",
            images=files[1],
            given=tmp_path / "given.json",
            models=tmp_path / "models.json",
        )
        outputs = PredictOutputs(tmp_path / "predictions.json", tmp_path / "p.npz", tmp_path / "ttt.json")
        outputs.ttt.unlink(missing_ok=True)
        run(spec, inputs, outputs, replace(context_in(tmp_path, notes), stopping=stopping))
        assert check_predictions(outputs.predictions).findings == ()
        entries = read_predictions(outputs.predictions)
        report = None
        if outputs.ttt.exists():
            report = read_record(outputs.ttt, TttReport, code="YZ640", fix="-")
        return [(entry.scores.tolist(), entry.boxes_cxcywh.tolist()) for entry in entries], report

    return predict


@pytest.mark.effect("ttt")
def test_the_network_adapts_and_a_report_says_what_it_was_worth(adapt, files, tmp_path):
    plain, report = adapt(ttt=False)
    assert report is None
    assert "ttt" not in json.loads((tmp_path / "predictions.json").read_text())["meta"]
    notes = Notes()
    adapted, report = adapt(notes=notes)
    assert adapted != plain
    index = replace(DataIndex.read(files[1]), records=DataIndex.read(files[1]).records[:IMAGES])
    assert report.adapted.metrics == quick_metrics(index, read_predictions(tmp_path / "predictions.json"), None)
    assert report.no_adapt.detections == sum(len(scores) for scores, _ in plain)
    assert (report.images, report.adapted_images, report.cost.steps) == (IMAGES, IMAGES, IMAGES)
    assert notes.lines == [f"predict: {report.in_a_line()}"]
    meta = json.loads((tmp_path / "predictions.json").read_text())["meta"]
    assert meta["ttt"] == report.settings.model_dump(mode="json")


def test_a_stop_asked_for_while_it_adapts_ends_it_without_a_file(adapt, tmp_path, monkeypatch):
    measure, seen = Tent.loss, []

    def loss(self, images, generator):
        seen.append(images)
        return measure(self, images, generator)

    monkeypatch.setattr(Tent, "loss", loss)
    with pytest.raises(Interrupted):
        adapt(stopping=lambda: len(seen) == 2)
    assert len(seen) == 2
    assert [*tmp_path.iterdir()] == []


@pytest.mark.effect("ttt_preset")
@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_its_keys_in_a_word(adapt, preset):
    words = PRESETS[preset]
    limits = {f"max_{name}": value for name, value in vars(words.limits).items()}
    by_word, report = adapt(preset=preset)
    by_keys, spelled = adapt(method=words.method, update_filter=words.update_filter, **limits)
    assert by_word == by_keys
    assert report.batches == spelled.batches
    assert report.settings.model_dump() == {**spelled.settings.model_dump(), "preset": preset}
    assert report.settings.limits.loss_ratio == 3.0


@pytest.mark.effect("ttt_method")
def test_the_method_decides_what_is_minimized(adapt):
    (tent, _), (mim, report) = (adapt(method=name, update_filter="all", lr=0.01) for name in ("tent", "mim"))
    assert tent != mim
    assert report.settings.method == "mim"


@pytest.mark.effect("ttt_update_filter")
def test_the_filter_decides_what_adapts(adapt):
    found = {name: adapt(update_filter=name, lr=0.01) for name in ("all", "norm_only", "adapter_only")}
    everything, norms, adapters = ({*report.parameters} for _, report in found.values())
    assert norms < everything
    assert all(".lora_" in name for name in adapters)
    predictions = [entries for entries, _ in found.values()]
    assert all(predictions.count(entries) == 1 for entries in predictions)


@pytest.mark.effect("ttt_include", "ttt_exclude")
@pytest.mark.parametrize("key", ["include", "exclude"])
def test_patterns_narrow_what_adapts(adapt, key):
    entries, report = adapt(lr=0.01, **{key: ("backbone.*",)})
    everything, unnarrowed = adapt(lr=0.01)
    expected = [name for name in unnarrowed.parameters if name.startswith("backbone.") == (key == "include")]
    assert [*report.parameters] == expected
    assert entries != everything


@pytest.mark.effect("ttt_reset")
def test_a_stream_keeps_what_it_has_learned(adapt):
    sample, _ = adapt(lr=0.01)
    stream, report = adapt(lr=0.01, reset="stream")
    assert stream[0] == sample[0]
    assert all(one != other for one, other in zip(stream[1:], sample[1:], strict=True))
    assert report.batches[1].steps[0].total_update_norm != report.batches[1].steps[0].update_norm


@pytest.mark.effect("ttt_steps")
@pytest.mark.parametrize("steps", [0, 3])
def test_so_many_steps_are_taken_for_each_image(adapt, steps):
    entries, report = adapt(lr=0.01, steps=steps)
    assert [len(batch.steps) for batch in report.batches] == [steps] * IMAGES
    assert entries != adapt(lr=0.01)[0]


@pytest.mark.effect("ttt_batch_size", "ttt_max_batches")
def test_a_stream_adapts_to_so_many_batches_of_so_many_images(adapt):
    entries, report = adapt(reset="stream", batch_size=2, max_batches=1)
    assert [batch.images for batch in report.batches] == [["images/val/0.png", "images/val/1.png"]]
    assert (report.adapted_images, report.images) == (2, IMAGES)
    assert entries != adapt(reset="stream", batch_size=2)[0]
    assert entries != adapt(reset="stream", max_batches=1)[0]


@pytest.mark.effect("ttt_lr")
def test_steps_are_as_long_as_the_learning_rate_says(adapt):
    (slow, short), (fast, long) = (adapt(lr=rate) for rate in (1e-3, 1e-2))
    assert slow != fast
    for one, other in zip(short.batches, long.batches, strict=True):
        assert other.steps[0].update_norm == pytest.approx(10.0 * one.steps[0].update_norm, rel=1e-3)


@pytest.mark.effect("ttt_norm_weight")
@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_the_weight_decides_how_far_statistics_move(adapt, weight):
    entries, report = adapt(norm_weight=weight)
    usual, _ = adapt()
    assert entries != usual
    assert (report.norm_layers > 0) == (weight > 0.0)


@pytest.mark.effect("ttt_seed")
@pytest.mark.parametrize("method", ["tent", "mim"])
def test_the_seed_decides_about_masks_and_fresh_adapters(adapt, method):
    (first, _), (again, _), (other, _) = (
        adapt(method=method, update_filter="adapter_only", lr=0.01, seed=seed) for seed in (1, 1, 0)
    )
    assert first == again != other


@pytest.mark.effect("ttt_stop_on_non_finite")
def test_a_loss_that_is_no_number_ends_a_stream_or_not(adapt, monkeypatch):
    measure, seen = Tent.loss, []

    def loss(self, images, generator):
        seen.append(images)
        return measure(self, images, generator) * (float("nan") if len(seen) == 1 else 1.0)

    monkeypatch.setattr(Tent, "loss", loss)
    for stop, batches in ((True, 1), (False, IMAGES)):
        seen.clear()
        entries, report = adapt(reset="stream", stop_on_non_finite=stop)
        assert (report.stops, len(report.batches)) == ({"non_finite_loss": 1}, batches)
        assert report.batches[0].stop.ended is stop
        assert np.isfinite([score for scores, _ in entries for score in scores]).all()


@pytest.mark.effect("ttt_rollback_on_stop")
def test_without_rollback_the_step_that_breaks_a_limit_stays(adapt):
    free, _ = adapt(lr=0.01)
    kept, report = adapt(lr=0.01, max_update_norm=1e-6, rollback_on_stop=False)
    undone, _ = adapt(lr=0.01, max_update_norm=1e-6)
    still, _ = adapt(steps=0)
    assert kept == free
    assert undone == still != free
    assert [batch.stop.rolled_back for batch in report.batches] == [False] * IMAGES


@pytest.mark.effect("ttt_max_grad_norm", "ttt_max_update_norm", "ttt_max_total_update_norm")
@pytest.mark.parametrize("name", ["grad_norm", "update_norm", "total_update_norm"])
def test_norms_have_limits(adapt, name):
    _, free = adapt(lr=0.01)
    _, report = adapt(lr=0.01, **{f"max_{name}": 1e-6})
    assert (free.stops, report.stops) == ({}, {name: IMAGES})
    for batch, before in zip(report.batches, free.batches, strict=True):
        assert (batch.stop.value, batch.stop.limit) == (getattr(before.steps[0], name), 1e-6)


@pytest.mark.effect("ttt_max_loss_ratio", "ttt_max_loss_increase")
@pytest.mark.parametrize(("name", "limit"), [("loss_ratio", 1.0), ("loss_increase", 1e-6)])
def test_losses_have_limits(adapt, name, limit):
    keys = {"method": "mim", "steps": 20, "lr": 1e-12}  # another mask in every step: some loss is above the first
    _, free = adapt(**keys)
    _, report = adapt(**keys, **{f"max_{name}": limit})
    assert (free.stops, report.stops) == ({}, {name: IMAGES})
    for batch, before in zip(report.batches, free.batches, strict=True):
        losses = [step.loss for step in before.steps]
        first_above = next(number for number, loss in enumerate(losses) if loss > losses[0])
        assert [step.loss for step in batch.steps] == losses[: first_above + 1]


@pytest.mark.effect("ttt_mim_mask_prob")
def test_so_many_patches_are_hidden(adapt, monkeypatch):
    from yolozu.predict.ttt import mim

    shares, paint = [], mim.random_patches

    def watched(*sizes, **options):
        hidden = paint(*sizes, **options)
        shares.append(hidden.float().mean().item())
        return hidden

    monkeypatch.setattr(mim, "random_patches", watched)
    few, _ = adapt(method="mim", lr=0.01, mim_mask_prob=0.25)
    assert shares == [0.25] * IMAGES
    assert few != adapt(method="mim", lr=0.01)[0]
    assert shares[IMAGES:] == [0.5] * IMAGES
