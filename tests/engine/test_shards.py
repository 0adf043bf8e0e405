"""Which parts are predicted, which are done already, and what is left of them."""

import json

import pytest

from tests.engine.conftest import CONTRACT, opened
from tests.evaluation.scenes import Scene, index_of
from yolozu.engine import worker
from yolozu.engine.doit.tasks import Build
from yolozu.engine.failure import read_failure, record_failure
from yolozu.engine.launchers.local import LocalLauncher
from yolozu.engine.orphans import orphans
from yolozu.engine.shards import finished_shards, forget_shards, run_shards, shards_of
from yolozu.errors import InputError

IMAGES = 20
"""Three batches."""


@pytest.fixture
def predicting(tmp_path, monkeypatch):
    """Opens a run whose stage predict alone is to be built, by an adapter that finds nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exp.yaml").write_text(CONTRACT)

    def session(*words):
        dummy = () if any(word.startswith("adapter=") for word in words) else ("adapter=dummy",)
        found = opened(*dummy, *words)
        found.write_plan()
        root = found.layout.root
        for path in ("checkpoints/best.pt", "exports/model.onnx", "data/models.json", "reports/onnx_parity.json"):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(path)
        if not (root / "data/predict.json").exists():
            index_of([Scene() for _ in range(IMAGES)]).write(root / "data/predict.json")
        return found

    return session


@pytest.fixture
def built(predicting, monkeypatch):
    """Builds the stage with workers in this process; the words of their commands, and the bytes they gave."""

    def build(*words, refuse=()):
        commands = []

        def run(self, job, **_):
            commands.append([job.stage, *job.options])
            return 75 if job.stage in refuse else worker.main(job.command[3:])

        monkeypatch.setattr(LocalLauncher, "run", run)
        session = predicting(*words)
        Build(session).build_stage(session.plan["predict"])
        result = session.layout.root / "predictions/predictions.json"
        return commands, result.read_bytes() if result.exists() else None

    return build


@pytest.mark.effect("predict_shards")
def test_each_part_has_a_worker_and_the_whole_is_the_same(built, predicting):
    commands, whole = built()
    assert commands == [["predict"]]
    root = predicting().layout.root
    before = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".lock")
    (root / "receipts/predict.json").unlink()
    commands, joined = built("predict_shards=3")
    assert commands == [
        ["predict.shard-1"],
        ["predict.shard-2"],
        ["predict.shard-3"],
        ["predict", "--shards", "3"],
    ]
    assert joined == whole
    assert len(json.loads(joined)["predictions"]) == IMAGES
    assert sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".lock") == before


def test_parts_are_not_made_of_what_the_store_has(built, predicting):
    _, whole = built("store=true")
    (predicting().layout.root / "receipts/predict.json").unlink()
    assert built("store=true", "predict_shards=3") == ([], whole)


def test_the_store_keeps_the_whole_alone(built, predicting, tmp_path):
    built("store=true", "predict_shards=3")
    kept = (json.loads(path.read_text())["stage"] for path in (tmp_path / "runs/.store").glob("*/*/receipt.json"))
    assert list(kept) == ["predict"]


def test_how_many_parts_there_are_makes_nothing_stale(built):
    built()
    assert built("predict_shards=4")[0] == []


def test_parts_that_are_done_are_not_predicted_again(built, predicting, capsys):
    commands, whole = built("predict_shards=3", refuse=["predict.shard-2"])
    assert (commands, whole) == ([["predict.shard-1"], ["predict.shard-2"]], None)
    session = predicting("predict_shards=3")
    assert orphans(session.layout, session.plan) == []
    commands, whole = built("predict_shards=3")
    assert commands == [["predict.shard-2"], ["predict.shard-3"], ["predict", "--shards", "3"]]
    assert len(json.loads(whole)["predictions"]) == IMAGES
    assert "predict: 1 of 3 shards are done already" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("predict_shards=2",), ("predict_shards=3", "max_images=9")])
def test_parts_of_another_request_are_predicted_again(built, words):
    built("predict_shards=3", refuse=["predict.shard-3"])
    commands, _ = built(*words)
    assert commands[0] == ["predict.shard-1"]


def test_a_file_that_is_served_is_not_served_in_parts(predicting):
    contract = predicting("predict_shards=3").loaded.contract
    assert shards_of("predict", contract) == 3
    assert shards_of("evaluate", contract) == 1
    served = predicting("predict_shards=3", "adapter=precomputed", "predictions=exp.yaml").loaded.contract
    assert shards_of("predict", served) == 1


def test_elsewhere_all_parts_run_at_once_and_the_first_failure_is_told(predicting):
    session = predicting()
    node, layout, ran = session.plan["predict"], session.layout, []

    def run_worker(name):
        ran.append(name)
        record_failure(layout, name, kind="InputError", text=f"of {name}")
        return {"predict.shard-2": 2, "predict.shard-3": 75}.get(name, 0)

    assert run_shards(node, layout, 3, run_worker, at_once=True, say=print) == 2
    assert sorted(ran) == ["predict.shard-1", "predict.shard-2", "predict.shard-3"]
    failure = read_failure(layout, "predict")
    assert failure is not None
    assert failure["text"] == "of predict.shard-2"


def test_nothing_is_put_together_of_parts_that_are_missing(predicting):
    session = predicting()
    with pytest.raises(InputError) as refused:
        finished_shards(session.plan["predict"], session.layout, 2)
    assert str(refused.value) == (
        "a: predict.shard-1: YZ651 is not done, or was done for another request\n"
        "  fix: run doit run_id=a: it predicts what is missing"
    )


def test_forgetting_leaves_everything_else(predicting):
    layout = predicting().layout
    kept = [layout.request_path("predict"), layout.receipt_path("predict"), layout.root / "scratch/predict.lock"]
    gone = [
        layout.request_path("predict.shard-1"),
        layout.receipt_path("predict.shard-12"),
        layout.receipt_path("predict.shard-1.failed"),
        layout.root / "scratch/predict.shard-1.lock",
        layout.root / "scratch/predict.shard-1/out/x",
        layout.root / "scratch/predict.shards/1/predictions.json",
    ]
    for path in (*kept, *gone):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    forget_shards(layout)
    assert [path.exists() for path in kept] == [True] * len(kept)
    assert [path.exists() for path in gone] == [False] * len(gone)
    forget_shards(layout)
