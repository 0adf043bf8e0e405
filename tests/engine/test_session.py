import json

import pytest

from tests.data.builders import write_image
from tests.engine.conftest import opened
from tests.fixtures.damage import flip_a_bit, settle
from yolozu.artifacts.digest import DigestCache, digest_file
from yolozu.planning.receipt import Receipt


def test_the_planner_s_files_are_written_once(config, tmp_path):
    session = opened("lr=0.5")
    session.write_plan()
    assert json.loads((tmp_path / "runs/a/plan/train.json").read_text())["spec"]["optim"]["lr"] == 0.5
    assert "lr: 0.5" in (tmp_path / "runs/a/reports/config_resolved.yaml").read_text()
    before = (tmp_path / "runs/a/plan/train.json").stat().st_mtime_ns
    opened().write_plan()
    assert (tmp_path / "runs/a/plan/train.json").stat().st_mtime_ns == before


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


def test_who_is_paranoid_learns_which_file_of_the_data_is_another_though_nothing_shows_it(config, data):
    settle(data)
    session = opened("dataset_root=parts")
    node = session.plan["prepare_data"]
    with session.digests() as cache:
        inputs = {name: session.digest(path, cache) for name, path in node.inputs.items()}
    session.layout.receipts_dir.mkdir(parents=True)
    Receipt(node.name, node.stage.version, node.spec, inputs, {}, {}, "", 1.0, {}).write(
        session.layout.receipt_path(node.name)
    )
    label = data / "labels/train/a.txt"
    before = digest_file(label)[:12]
    flip_a_bit(label)
    assert opened("dataset_root=parts").texts["plan/dataset.json"] == session.texts["plan/dataset.json"]
    paranoid = opened("dataset_root=parts", paranoid=True)
    reason = paranoid.own_reasons(node)[0].render()
    assert reason == (
        "parts has other content than when it was read (size and time as they were: "
        f"parts/labels/train/a.txt sha256 {before} → {digest_file(label)[:12]})"
    )
    assert opened("dataset_root=parts").texts["plan/dataset.json"] == paranoid.texts["plan/dataset.json"]
