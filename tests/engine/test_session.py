import json
import re

import pytest

from tests.data.builders import write_image
from yolozu.artifacts.digest import DigestCache
from yolozu.contract.overrides import parse_assignments
from yolozu.engine.session import open_session
from yolozu.errors import ContractError, InputError, UsageError
from yolozu.planning.begun import Begun, saved_path
from yolozu.planning.receipt import Receipt

CONTRACT = """\
config_version: 1
dataset_root: synthetic
seed: 0
device: cpu
ddp: false
amp: none
max_steps: 10
image_size: 160
model: {num_queries: 10}
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exp.yaml").write_text(CONTRACT)
    return "exp.yaml"


def opened(*words, config="exp.yaml", run_id="a", run_dir=None, forget=(), default_config=None):
    return open_session(
        config=config,
        run_id=run_id,
        run_dir=run_dir,
        given=parse_assignments(words),
        default_config=default_config,
        forget=forget,
        argv=["doit"],
    )


def test_opening_writes_nothing(config, tmp_path):
    assert opened().layout.run_id == "a"
    assert [path.name for path in tmp_path.iterdir()] == ["exp.yaml"]


def test_the_planner_s_files_are_written_once(config, tmp_path):
    session = opened("lr=0.5")
    session.write_plan()
    assert json.loads((tmp_path / "runs/a/plan/train.json").read_text())["spec"]["optim"]["lr"] == 0.5
    assert "lr: 0.5" in (tmp_path / "runs/a/reports/config_resolved.yaml").read_text()
    before = (tmp_path / "runs/a/plan/train.json").stat().st_mtime_ns
    opened().write_plan()
    assert (tmp_path / "runs/a/plan/train.json").stat().st_mtime_ns == before


def test_a_later_session_remembers_contract_and_overrides(config):
    opened("lr=0.5").write_plan()
    later = opened(config=None)
    assert later.loaded.contract.optim.lr == 0.5
    assert later.headline == "a: exp.yaml + lr=0.5 (remembered)"
    assert later.origin("lr") == "lr=0.5 (remembered)"
    assert opened(config=None, forget=["lr"]).loaded.contract.optim.lr == 1e-4


def test_a_run_that_began_without_strict_mode_can_still_be_read(config, tmp_path):
    (tmp_path / "exp.yaml").write_text(CONTRACT.replace("config_version: 1\n", "").replace("ddp: false\n", ""))
    with pytest.raises(ContractError, match="config_version, ddp"):
        opened()
    options = {"config": "exp.yaml", "run_id": "a", "given": [], "default_config": None, "argv": ["yolozu"]}
    open_session(**options, strict=False).write_plan()
    assert opened(config=None).loaded.contract.loop.ddp is False
    with pytest.raises(ContractError, match="config_version, ddp"):
        opened(run_id="b")


@pytest.mark.effect("run_id")
def test_without_a_name_the_run_is_the_contract_s_own_or_the_time(config, tmp_path):
    assert re.fullmatch(r"\d{8}T\d{6}Z", opened(run_id=None).layout.run_id)
    (tmp_path / "exp.yaml").write_text(CONTRACT + "run_id: mine\n")
    assert opened(run_id=None).layout.run_id == "mine"


def test_the_resolved_contract_names_the_run_it_is_of(config, tmp_path):
    (tmp_path / "exp.yaml").write_text(CONTRACT + "run_id: mine\n")
    session = opened(run_id="other")
    assert session.loaded.contract.run.run_id == "other"
    assert "run_id: other" in session.texts["reports/config_resolved.yaml"]


def test_the_default_contract_serves_where_none_was_ever_named(config):
    assert opened(config=None, default_config="exp.yaml").headline == "a: exp.yaml\n  new run a, from exp.yaml"
    opened("seed=4", config=None, default_config="exp.yaml").write_plan()
    assert opened(config=None, default_config="other.yaml").headline == (
        "a: exp.yaml + seed=4 (remembered)\n"
        "  exp.yaml:3 says seed: 0, but what is remembered wins; forget=seed follows the file"
    )


def test_all_that_is_wrong_is_told_at_once(config):
    with pytest.raises(ContractError) as caught:
        opened("lr=-1", "batchsize=3")
    assert len(caught.value.findings) == 2


def test_a_data_set_that_is_not_there_is_one_message(config):
    with pytest.raises(InputError, match="nowhere"):
        opened("dataset_root=nowhere")


def test_a_given_predictions_file_is_known_by_its_content(config, tmp_path):
    words = ["adapter=precomputed", "predictions=mine.json"]
    with pytest.raises(InputError) as caught:
        opened(*words)
    assert str(caught.value) == (
        "predictions: mine.json (predictions=mine.json): YZ313 there is no such file\n"
        "  fix: name the predictions file that adapter: precomputed reads, relative to the working directory"
    )
    (tmp_path / "mine.json").write_text("[]")
    before = opened(*words).texts["plan/given.json"]
    (tmp_path / "mine.json").write_text("[1]")
    assert opened(*words).texts["plan/given.json"] != before


def test_a_run_in_a_directory_of_its_own_is_remembered_there_and_nowhere_else(config, tmp_path):
    opened("lr=0.5", run_id=None, run_dir="elsewhere/b").write_plan()
    later = opened(config=None, run_id=None, run_dir=str(tmp_path / "elsewhere/b"))
    assert (later.loaded.contract.optim.lr, later.headline) == (0.5, "b: exp.yaml + lr=0.5 (remembered)")
    assert later.loaded.contract.run.run_id == "b"
    assert opened(run_id="b").loaded.contract.optim.lr == 1e-4
    assert opened(run_id="b", run_dir="elsewhere/b").layout.run_id == "b"


def test_a_directory_that_disagrees_with_the_name_or_holds_something_else_is_refused(config, tmp_path):
    with pytest.raises(UsageError) as caught:
        opened(run_id="a", run_dir="elsewhere/b")
    assert str(caught.value) == (
        "run_dir=elsewhere/b: YZ319 names the run 'b', but run_id=a says otherwise\n"
        "  fix: leave run_id out, or let run_dir end in a"
    )
    (tmp_path / "empty").mkdir()
    opened(run_id=None, run_dir="empty")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/main.c").touch()
    for taken in ("sources", "sources/main.c"):
        with pytest.raises(UsageError) as caught:
            opened(run_id=None, run_dir=taken)
        assert str(caught.value) == (
            f"run_dir={taken}: YZ320 holds other things than a run\n"
            "  fix: name a new or empty directory, or one that a run was built in"
        )


def test_the_headline_tells_what_is_no_longer_asked_for(config, tmp_path):
    opened("metrics_csv=a.csv").write_plan()
    Receipt("files", 1, {}, {}, {"a.csv": "d"}, {}, "T", 0.0, {}).write(tmp_path / "runs/a/receipts/files.json")
    (tmp_path / "runs/a/a.csv").touch()
    session = opened("metrics_csv=null")
    assert (
        session.headline == "a: exp.yaml + metrics_csv=null\n  a.csv: no longer asked for; nothing reads or renews it"
    )
    assert json.loads(session.texts["plan/leftovers.json"])["paths"] == ["a.csv"]


def test_a_remembered_override_that_hides_the_file_is_told_at_every_start(config, tmp_path):
    opened("lr=0.001").write_plan()
    assert opened(config=None).headline == "a: exp.yaml + lr=0.001 (remembered)"
    (tmp_path / "exp.yaml").write_text(CONTRACT + "lr: 0.0005\n")
    assert opened(config=None).headline == (
        "a: exp.yaml + lr=0.001 (remembered)\n"
        "  exp.yaml:10 says lr: 0.0005, but what is remembered wins; forget=lr follows the file"
    )
    assert opened("lr=0.001", config=None).headline == "a: exp.yaml + lr=0.001"
    assert opened(config=None, forget=["lr"]).headline == "a: exp.yaml"


def test_a_contract_that_is_gone_says_where_the_run_knows_it_from(config, tmp_path):
    opened().write_plan()
    (tmp_path / "exp.yaml").unlink()
    with pytest.raises(ContractError) as caught:
        opened(config=None)
    assert str(caught.value) == (
        f"exp.yaml: YZ101 no such file; the run remembers it from {tmp_path}\n"
        "  fix: put it back there, or name the run's contract: config=FILE"
    )


def refused(session):
    session.write_plan()
    return session.forget_refused(), json.loads(session.layout.overrides_path.read_text())["overrides"]


def test_overrides_of_a_refused_command_are_forgotten(config):
    opened("lr=0.1").write_plan()
    assert refused(opened("lr=0.5", "batch_size=3")) == (["batch_size=3", "lr=0.5"], {"lr": 0.1})


def test_overrides_of_a_training_that_has_begun_are_kept(config):
    session = opened("lr=0.5", "max_detections=3")
    session.write_plan()
    for path in ("data/train.json", "data/val.json", "data/models.json"):
        (session.layout.root / path).parent.mkdir(exist_ok=True)
        (session.layout.root / path).write_text("{}")
    node, scratch = session.plan["train"], session.layout.scratch_dir("train")
    with DigestCache(None) as cache:
        inputs = {name: session.digest(path, cache) for name, path in node.inputs.items()}
    Begun(scratch, "d", node.spec, inputs, node.stage.version).write()
    saved_path(scratch).write_text('{"done": 3, "total": 10}')
    assert refused(session) == (["max_detections=3"], {"lr": 0.5})


@pytest.fixture
def data(tmp_path):
    """A data set of a picture a split."""
    for split in ("train", "val"):
        write_image(tmp_path / f"parts/images/{split}/a.png", seed=0)
        (tmp_path / f"parts/labels/{split}").mkdir(parents=True)
        (tmp_path / f"parts/labels/{split}/a.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    (tmp_path / "parts/classes.txt").write_text("tin\n")
    return tmp_path / "parts"


def test_the_same_bytes_elsewhere_are_the_same_data(config, data, tmp_path):
    session = opened("dataset_root=parts")
    session.write_plan()
    node = session.plan["prepare_data"]
    with DigestCache(None) as cache:
        inputs = {name: session.digest(path, cache) for name, path in node.inputs.items()}
    session.layout.receipts_dir.mkdir()
    Receipt(node.name, node.stage.version, node.spec, inputs, {}, {}, "", 1.0, {}).write(
        session.layout.receipt_path(node.name)
    )
    data.rename(tmp_path / "elsewhere")
    moved = opened("dataset_root=elsewhere")
    assert moved.plan["prepare_data"].spec == node.spec
    assert moved.texts["plan/dataset.json"] == session.texts["plan/dataset.json"]
    assert json.loads(moved.texts["plan/operations.json"])["moved"] == {"then": "parts", "now": "elsewhere"}
    assert [reason.kind for reason in moved.own_reasons(moved.plan["prepare_data"])] == ["output"] * 5
    moved.write_plan()
    (tmp_path / "elsewhere/labels/val/a.txt").write_text("")
    other = opened("dataset_root=elsewhere")
    assert other.plan["prepare_data"].spec["dataset"]["dataset_root"] == "elsewhere"
    assert "moved" not in json.loads(other.texts["plan/operations.json"])
