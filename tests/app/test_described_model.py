from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fixtures.exported import CONFIG
from yolozu.app.described_model import model_meant_by
from yolozu.errors import UsageError

NOTHING = {"image_size": None, "num_classes": None, "batch_size": None, "latency": False}


@pytest.mark.slow
def test_a_contract_tells_the_model_and_options_win(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("exp.json").write_text(json.dumps({"epochs": 1, "momentum": 0.5, "model": CONFIG.model_dump(mode="json")}))
    meant = model_meant_by(["exp.json", "image_size=96"], **{**NOTHING, "image_size": 64, "num_classes": 3})
    assert {warning.code for warning in meant.warnings} == {"YZ111"}
    subject, profile, latency = meant.described()
    assert (subject.source, subject.height, subject.num_classes, subject.assumed) == ("exp.json", 64, 3, False)
    assert (profile.total.parameters > 0, latency) == (True, None)


def test_a_contract_with_adapters_tells_how_little_trains(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keys = {"epochs": 1, "image_size": 64, "lora_r": 2, "model": CONFIG.model_dump(mode="json")}
    Path("exp.json").write_text(json.dumps(keys))
    _, profile, _ = model_meant_by(["exp.json"], **NOTHING).described()
    backbone = next(part for part in profile.parts if part.name == "backbone")
    assert backbone.trainable == 0
    assert 0 < profile.total.trainable < 0.2 * profile.total.parameters


def test_a_checkpoint_tells_its_own(exported):
    subject, _, latency = model_meant_by(
        [str(exported.checkpoint)], **{**NOTHING, "latency": True, "batch_size": 2}
    ).described()
    assert (subject.height, subject.width, subject.num_classes, subject.poses) == (64, 96, 3, False)
    assert latency is not None
    assert latency.batch_size == 2


@pytest.mark.parametrize(
    ("words", "options", "said"),
    [
        (
            ["exp.txt"],
            {},
            "exp.txt: YZ310 is no contract (.yaml, .yml, .json), checkpoint (.pt) or KEY=VALUE\n"
            "  fix: correct the word",
        ),
        (["exp.yaml", "best.pt"], {}, "best.pt: YZ310 is a second model\n  fix: describe one at a time"),
        (
            ["best.pt", "lr=1"],
            {"num_classes": 3},
            "lr=1: YZ411 a checkpoint says so itself\n  fix: leave it out, or describe a contract\n"
            "--num-classes: YZ411 a checkpoint says so itself\n  fix: leave it out, or describe a contract",
        ),
        (
            ["exp.yaml"],
            {"batch_size": 2},
            "--batch-size: YZ411 only time depends on it\n  fix: leave it out, or add --latency",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_way_out(words, options, said):
    with pytest.raises(UsageError) as caught:
        model_meant_by(words, **{**NOTHING, **options})
    assert str(caught.value) == said
