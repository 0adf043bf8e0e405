from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.runs import write_contract, write_run
from tests.fixtures.exported import CONFIG
from yolozu.app.prediction_request import Meant, meant_by, model_files, origin_of, require_built
from yolozu.contract.overrides import Override
from yolozu.errors import ContractError, UsageError


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def meant(*flags, config=None, run_id=None, has_dataset=False, **files) -> Meant:
    overrides = [Override(key, value, f"--{key.replace('_', '-')}") for key, value in flags]
    paths = {name: Path(path) for name, path in files.items()}
    return meant_by(
        overrides,
        config=None if config is None else Path(config),
        run_id=run_id,
        files=paths,
        has_dataset=has_dataset,
    )


def test_flags_win_over_the_contract_which_wins_over_defaults(here):
    write_contract(here / "exp.json", score_threshold=0.25, max_images=7, device="cuda", amp="fp16", adapter="dummy")
    found = meant(("max_images", 3), ("device", "cpu"), config="exp.json")
    settings = found.settings
    assert (settings.predict.score_threshold, settings.predict.max_images, settings.predict.max_detections) == (
        0.25,
        3,
        300,
    )
    assert (settings.device.device, settings.predict.adapter) == ("cpu", "dummy")
    assert meant(("score_threshold", 0.001), config="exp.json").settings.predict.score_threshold == 0.001


@pytest.mark.parametrize(
    ("files", "adapter"),
    [
        ({"checkpoint": "a.pt"}, "rtdetr_pose"),
        ({"onnx": "a.onnx"}, "onnxruntime"),
        ({"predictions": "a.json"}, "precomputed"),
        ({}, "dummy"),
    ],
)
def test_a_file_means_its_adapter_unless_one_is_named(here, files, adapter):
    write_contract(here / "exp.json", adapter="dummy")
    flags = [("predictions", "a.json")] if "predictions" in files else []
    assert meant(*flags, config="exp.json", **files).settings.predict.adapter == adapter
    assert meant(("adapter", "rtdetr_pose"), config="exp.json", **files).settings.predict.adapter == "rtdetr_pose"


def test_a_flag_without_effect_is_a_warning_and_a_key_of_the_file_is_none(here):
    write_contract(here / "exp.json", corruption_severity=2)
    found = meant(("corruption_seed", 3), config="exp.json")
    assert [warning.render() for warning in found.warnings] == [
        "--corruption-seed: warning: YZ111 no effect here: no corruption is asked for\n"
        "  fix: set corruption, or drop corruption_seed"
    ]


def test_what_cannot_be_is_said_with_the_place_in_the_contract(here):
    write_contract(here / "exp.json", corruption="fog")
    with pytest.raises(ContractError) as refused:
        meant(("adapter", "dummy"), config="exp.json")
    (finding,) = refused.value.findings
    assert (finding.code, finding.where) == ("YZ105", "exp.json:1: corruption")


def test_a_run_is_named_by_its_id_by_a_contract_or_by_a_file_in_it(here, exported):
    write_run(here / "runs/exp01", exported, score_threshold=0.5)
    write_run(here / "elsewhere/exp02", exported, score_threshold=0.75)
    shutil.copy(here / "runs/exp01/contract.json", "exp.json")
    for found in (
        meant(run_id="exp01"),
        meant(config="exp.json"),
        meant(checkpoint="runs/exp01/checkpoints/best.pt"),
    ):
        assert found.run is not None
        assert (found.run.root, found.settings.predict.score_threshold) == (Path("runs/exp01"), 0.5)
    outside = meant(onnx="elsewhere/exp02/exports/model.onnx")
    assert outside.run is not None
    assert (outside.run.root, outside.settings.predict.score_threshold) == (Path("elsewhere/exp02"), 0.75)


def test_nothing_named_means_the_default_run_and_a_lone_file_none(here):
    found = meant()
    assert found.run is not None
    assert (found.run.root, found.behind is not None) == (Path("runs/default"), True)
    for lone in (meant(checkpoint="a.pt"), meant(has_dataset=True)):
        assert (lone.run, lone.behind) == (None, None)


def test_an_unknown_run_offers_the_nearest(here, exported):
    with pytest.raises(UsageError) as refused:
        meant(run_id="exp01")
    assert str(refused.value) == (
        "--run-id exp01: YZ627 there is no such run in runs\n  fix: build it first: yolozu run CONFIG run_id=exp01"
    )
    write_run(here / "runs/exp01", exported)
    with pytest.raises(UsageError) as refused:
        meant(run_id="exp1")
    assert str(refused.value) == (
        "--run-id exp1: YZ627 there is no such run in runs\n  fix: did you mean 'exp01'? runs here: exp01"
    )


@pytest.mark.parametrize("nested", [False, True])
def test_a_file_of_a_model_s_map_tells_the_architecture_alone(here, nested):
    text = CONFIG.model_dump_json()
    (here / "base.json").write_text(f'{{"model": {text}}}' if nested else text)
    found = meant(config="base.json", checkpoint="a.pt")
    assert (found.model_only, found.behind, found.run) == (CONFIG, None, None)


def test_mistakes_in_a_model_s_map_are_told(here):
    (here / "base.json").write_text('{"num_queries": 0}')
    with pytest.raises(ContractError) as refused:
        meant(config="base.json")
    assert refused.value.findings[0].problem == "must be a whole number from 1 to 3000, got 0"


def test_files_of_the_run_stand_in_for_those_that_are_not_given(here, exported):
    write_run(here / "runs/exp01", exported)
    found = meant(run_id="exp01")
    best, model = Path("runs/exp01/checkpoints/best.pt"), Path("runs/exp01/exports/model.onnx")
    assert model_files(found, {"checkpoint", "onnx"}, {}) == {"checkpoint": best, "onnx": model}
    assert model_files(found, {"onnx"}, {"onnx": Path("a.onnx")}) == {"onnx": Path("a.onnx")}
    require_built(found, {"onnx": model}, {}, has_dataset=False)
    assert origin_of(found, {"onnx": model}, {}) == {"checkpoint": best}
    assert origin_of(found, {"onnx": Path("a.onnx")}, {"onnx"}) == {}


def test_a_run_that_lacks_them_says_both_ways_out(here):
    found = meant()
    files = model_files(found, {"checkpoint"}, {})
    with pytest.raises(UsageError) as refused:
        require_built(found, files, {}, has_dataset=False)
    assert str(refused.value) == (
        "runs/default: YZ628 this run has no checkpoints/best.pt and no data/predict.json\n"
        "  fix: give --checkpoint FILE and --dataset ROOT, or build the run first: yolozu run run_id=default"
    )


def test_a_contract_of_no_run_cannot_have_rendered_images(here):
    write_contract(here / "exp.json")
    found = meant(config="exp.json", checkpoint="a.pt")
    with pytest.raises(UsageError) as refused:
        require_built(found, {"checkpoint": Path("a.pt")}, {"checkpoint"}, has_dataset=False)
    assert str(refused.value) == (
        "exp.json: YZ628 its images are rendered by a run, and it names none\n  fix: give --dataset ROOT or --run-id ID"
    )


def test_without_any_data_set_one_is_asked_for(here):
    with pytest.raises(UsageError) as refused:
        require_built(meant(checkpoint="a.pt"), {}, {}, has_dataset=False)
    assert str(refused.value) == (
        "export-predictions: YZ629 no data set is named\n"
        "  fix: give --dataset ROOT, or a contract or run that has one: --config FILE, --run-id ID"
    )
