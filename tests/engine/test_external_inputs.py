"""Files that a contract names are inputs by their content, and are told by their own names."""

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.data.builders import write_image, write_yolo
from tests.engine.conftest import opened
from tests.fixtures.hub import stand_in_hub
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.published_weights import SPELLINGS
from yolozu.contract import adapters
from yolozu.contract.adapters import OfferedAdapter
from yolozu.data import fingerprint
from yolozu.engine.external_inputs import named_by_file, what_predicts
from yolozu.errors import ContractError, InputError
from yolozu.planning.receipt import Receipt
from yolozu.planning.staleness import Reason

NOTE = "plan/init_from.json"
GIVEN = "plan/given.json"
EARLIER = "plan/earlier.json"


def test_a_missing_file_is_told_before_anything_runs(config, tmp_path):
    fix = "  fix: name the weights to start from, relative to the working directory, or drop init_from"
    with pytest.raises(InputError) as caught:
        opened("init_from=w.pth")
    assert str(caught.value) == f"init_from: w.pth (init_from=w.pth): YZ313 there is no such file\n{fix}"
    assert caught.value.exit_code == 2
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as caught:
        opened("init_from=empty")
    problem = "there is no model.safetensors in this directory"
    assert str(caught.value) == f"init_from: empty (init_from=empty): YZ313 {problem}\n{fix}"


def test_the_plan_knows_all_files_by_their_content(config, tmp_path):
    assert opened().texts[NOTE] == '{\n  "files": null,\n  "schema_version": 1\n}\n'
    save_file({"a": torch.ones(1)}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text("{}")
    text = opened("init_from=.").texts[NOTE]
    for name in ("model.safetensors", "config.json"):
        assert f'"{name}": "{digest_file(tmp_path / name)}"' in text
    (tmp_path / "config.json").write_text("{ }")
    assert opened("init_from=.").texts[NOTE] != text


def test_published_weights_are_known_before_they_are_here_and_nothing_is_fetched(config, monkeypatch):
    hub = stand_in_hub(monkeypatch)
    texts = {name: opened(f"init_from={name}").texts[NOTE] for name in ("rtdetr_r18vd", "PekingU/rtdetr_r18vd")}
    assert json.loads(texts["rtdetr_r18vd"])["files"] == SPELLINGS["rtdetr_r18vd_coco"].known_by
    assert texts["rtdetr_r18vd"] == texts["PekingU/rtdetr_r18vd"] != opened("init_from=rtdetr_r34vd").texts[NOTE]
    assert hub.fetched == []


def test_a_name_that_is_a_file_too_is_refused(config, tmp_path):
    torch.save({"a": torch.ones(1)}, tmp_path / "rtdetr_r18vd_coco")
    with pytest.raises(InputError) as caught:
        opened("init_from=rtdetr_r18vd_coco")
    assert str(caught.value) == (
        "init_from: rtdetr_r18vd_coco (init_from=rtdetr_r18vd_coco): YZ456 is here, and is the name of published "
        "weights (PekingU/rtdetr_r18vd)\n  fix: write ./rtdetr_r18vd_coco for what is here, or rename it"
    )
    assert list(json.loads(opened("init_from=./rtdetr_r18vd_coco").texts[NOTE])["files"]) == ["rtdetr_r18vd_coco"]


def test_a_name_that_is_nearly_one_of_published_weights_is_told(config):
    with pytest.raises(
        InputError, match=r"fix: did you mean rtdetr_r18vd_coco \(yolozu weights lists all names\)\? Or name"
    ):
        opened("init_from=rtdetr_r18_coco")


def test_a_predictions_file_leaves_training_alone_and_the_other_way_round(config, tmp_path):
    torch.save({"a": torch.ones(1)}, tmp_path / "w.pth")
    (tmp_path / "mine.json").write_text("[]")
    words = ["adapter=precomputed", "predictions=mine.json", "init_from=w.pth"]
    before = opened(*words).texts
    (tmp_path / "mine.json").write_text("[1]")
    after = opened(*words).texts
    assert (before[NOTE], before["plan/given.json"]) != (after[NOTE], after["plan/given.json"])
    assert before[NOTE] == after[NOTE]
    torch.save({"a": torch.zeros(1)}, tmp_path / "w.pth")
    assert opened(*words).texts["plan/given.json"] == after["plan/given.json"]


def test_an_adapter_of_a_package_is_known_by_the_package_s_version(config, tmp_path, monkeypatch):
    """Another version predicts anew, and is what is told; our own adapters come with yolozu."""

    def installed(version):
        offered = [OfferedAdapter("blobs", "blobs:Blobs", "their-package", version)]
        monkeypatch.setattr(adapters, "offered_adapters", lambda: offered)
        return opened("adapter=blobs")

    assert json.loads(opened().texts[GIVEN]) == {"schema_version": 1, "predictions": None, "adapter": None}
    one = installed("1.0")
    assert json.loads(one.texts[GIVEN])["adapter"] == "their-package 1.0: blobs:Blobs"
    two = installed("1.1")
    assert one.texts[GIVEN] != two.texts[GIVEN]
    assert {path for path in one.texts if one.texts[path] != two.texts[path]} == {GIVEN}
    assert what_predicts(two.loaded) == "their-package 1.1"
    assert what_predicts(opened("adapter=dummy").loaded) is None


def test_a_package_s_adapter_may_read_a_predictions_file(config, tmp_path, monkeypatch):
    offered = [OfferedAdapter("best", "best:Best", "their-package", "1.0")]
    monkeypatch.setattr(adapters, "offered_adapters", lambda: offered)
    (tmp_path / "mine.json").write_text("[]")
    session = opened("adapter=best", "predictions=mine.json")
    assert json.loads(session.texts[GIVEN])["predictions"] == digest_file(tmp_path / "mine.json")
    assert what_predicts(session.loaded) == "their-package 1.0 or mine.json"


def now():
    """Later than all files that are there, and not after those to come."""
    time.sleep(0.02)
    return datetime.now(UTC).isoformat()


def built(session, stage="train"):
    """Pretend that a stage was built with everything as it is now."""
    node = session.plan[stage]
    found = {name: session.digest(path, _NoCache()) for name, path in node.inputs.items()}
    digests = {name: digest for name, digest in found.items() if digest is not None}
    receipt = Receipt(stage, node.stage.version, node.spec, digests, {}, {}, now(), 1.0, {})
    session.layout.receipt_path(stage).parent.mkdir(parents=True, exist_ok=True)
    receipt.write(session.layout.receipt_path(stage))


class _NoCache:
    def path(self, path):
        return digest_file(path)


def inputs_of(session):
    (verdict,) = [verdict for verdict in session.verdicts(["train"]) if verdict.node.name == "train"]
    shown = [reason.render(session.origin) for reason in verdict.reasons if reason.kind in ("key", "input")]
    assert [
        reason.render(session.origin) for reason in session.own_reasons(verdict.node) if reason.kind in ("key", "input")
    ] == shown
    return shown


def test_the_file_itself_is_told_as_the_reason(config, tmp_path):
    torch.save({"a": torch.ones(1)}, tmp_path / "w.pth")
    session = opened("init_from=w.pth")
    built(session)
    assert inputs_of(session) == []
    os.utime(tmp_path / "w.pth", (1, 1))
    assert inputs_of(opened("init_from=w.pth")) == []
    torch.save({"a": torch.zeros(1)}, tmp_path / "w.pth")
    assert inputs_of(opened("init_from=w.pth")) == ["w.pth has other content than when it was read"]
    assert inputs_of(opened("init_from=null")) == ['init_from: "w.pth" → null (init_from=null)']


def test_other_reasons_stay_as_they_are():
    reasons = (Reason("key", "lr", "1", "2"), Reason("input", "data/train.json", "a", "b"))
    assert named_by_file(reasons, NOTE, "w.pth", "init_from") == reasons
    assert named_by_file((*reasons, Reason("input", NOTE, "a", "b")), NOTE, None, "init_from")[-1].subject == NOTE


PICTURES = "plan/backgrounds.json"


def test_backgrounds_are_known_by_their_content(config, tmp_path):
    assert opened().texts[PICTURES] == '{\n  "digest": null,\n  "files": 0,\n  "schema_version": 1\n}\n'
    write_image(tmp_path / "grounds/a.png", seed=0)
    session = opened("paste_backgrounds=grounds")
    built(session)
    assert inputs_of(session) == []
    (tmp_path / "grounds/notes.txt").write_text("no picture")
    assert inputs_of(opened("paste_backgrounds=grounds")) == []
    write_image(tmp_path / "grounds/a.png", seed=1)
    assert inputs_of(opened("paste_backgrounds=grounds")) == [
        "grounds has other content than when it was read (newer: grounds/a.png)"
    ]
    assert inputs_of(opened("paste_backgrounds=null")) == [
        'paste_backgrounds: "grounds" → null (paste_backgrounds=null)'
    ]


def test_missing_backgrounds_are_told_before_anything_runs(config, tmp_path):
    (tmp_path / "empty").mkdir()
    fix = "  fix: name a directory of pictures, relative to the working directory, or drop paste_backgrounds"
    for name, problem in (("no", "there is no such directory"), ("empty", "there is no picture in this directory")):
        with pytest.raises(InputError) as caught:
            opened(f"paste_backgrounds={name}")
        assert str(caught.value) == f"paste_backgrounds: {name} (paste_backgrounds={name}): YZ313 {problem}\n{fix}"


def test_files_of_the_data_that_were_written_since_are_named(config, tmp_path):
    root = write_yolo(
        tmp_path / "set", {f"{split}/{n}": "0 .5 .5 .2 .2\n" for split in ("train", "val") for n in "abcd"}
    )
    words = [f"dataset_root={root}"]
    built(opened(*words), "prepare_data")

    def reasons():
        (verdict,) = opened(*words).verdicts(["prepare_data"])
        return [reason.render() for reason in verdict.reasons if reason.kind == "input"]

    assert reasons() == []
    (tmp_path / "set/labels/val/b.txt").write_text("0 .5 .5 .3 .2\n")
    assert reasons() == [f"{root} has other content than when it was read (newer: {root}/labels/val/b.txt)"]
    (tmp_path / "set/labels/val/b.txt").write_text("0 .5 .5 .2 .2\n")
    assert reasons() == []
    (tmp_path / "set/labels/val/b.txt").unlink()
    assert reasons() == [f"{root} has other content than when it was read"]
    for name in "abcd":
        (tmp_path / f"set/labels/train/{name}.txt").write_text("")
        time.sleep(0.02)
    named = ", ".join(f"{root}/labels/train/{name}.txt" for name in "dcb")
    assert reasons() == [f"{root} has other content than when it was read (newer: {named} and 1 more)"]


def test_the_folders_of_the_data_are_looked_through_once(config, tmp_path, monkeypatch):
    """What says which files are newer is what said that something has changed."""
    root = write_yolo(tmp_path / "set", {f"{split}/a": "0 .5 .5 .2 .2\n" for split in ("train", "val")})
    built(opened(f"dataset_root={root}"), "prepare_data")
    label, gone = (tmp_path / f"set/labels/{split}/a.txt" for split in ("train", "val"))
    for file in (label, gone):
        file.write_text("0 .5 .5 .3 .2\n")
    looks, look = [], fingerprint.dataset_files
    monkeypatch.setattr(fingerprint, "dataset_files", lambda *asked: looks.append(asked) or look(*asked))
    session = opened(f"dataset_root={root}")
    gone.unlink()  # meanwhile
    (verdict,) = session.verdicts(["prepare_data"])
    told = [reason.render() for reason in verdict.reasons if reason.kind == "input"]
    assert told == [f"{root} has other content than when it was read (newer: {root}/labels/train/a.txt)"]
    assert len(looks) == 1


SETTING_NOTE = "plan/scenario_setting.json"


def test_a_setting_counts_by_what_it_says(config, tmp_path):
    standard = opened().texts[SETTING_NOTE]
    (tmp_path / "t.yaml").write_text("seed: 1\ndataset: other\nscenarios: [{name: a, slice: {area: small}}]\n")
    text = opened("scenarios=t.yaml").texts[SETTING_NOTE]
    assert text != standard
    assert json.loads(text)["without_effect"] == ["dataset"]
    (tmp_path / "t.yaml").write_text("# remark\ndataset: b\nscenarios:\n- {slice: {area: small}, name: a}\nseed: 1\n")
    assert opened("scenarios=t.yaml").texts[SETTING_NOTE] == text
    assert SETTING_NOTE not in opened("scenarios=none").texts


def test_a_setting_that_is_wrong_is_told_before_anything_runs(config, tmp_path):
    (tmp_path / "t.yaml").write_text("sed: 1\n")
    with pytest.raises(ContractError, match=r"t\.yaml:1: sed: YZ102 unknown key"):
        opened("scenarios=t.yaml")


def earlier_run(*left):
    """A run ``before`` that left these files for later ones."""
    for name in left:
        path = Path("runs/before") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    Path("runs/before/plan").mkdir(parents=True, exist_ok=True)


@pytest.mark.effect("continual_from")
def test_the_plan_knows_what_training_reads_of_an_earlier_run(config):
    assert EARLIER not in opened("ewc=true").texts
    earlier_run("continual/ewc_state.pt", "continual/si_state.pt")
    asked = ("continual_from=before", "ewc=true")
    path = Path("runs/before/continual/ewc_state.pt")
    left = json.loads(opened(*asked).texts[EARLIER])["left"]
    assert left == {"continual/ewc_state.pt": digest_file(path)}
    assert len(json.loads(opened(*asked, "si=true").texts[EARLIER])["left"]) == 2
    path.write_text("another one")
    assert json.loads(opened(*asked).texts[EARLIER])["left"] != left


def test_a_state_that_an_earlier_run_did_not_leave_is_told_before_anything_runs(config):
    earlier_run("continual/si_state.pt")
    with pytest.raises(InputError) as caught:
        opened("continual_from=before", "ewc=true")
    assert str(caught.value) == (
        "continual_from (continual_from=before): runs/before/continual/ewc_state.pt: YZ540 the run has left no state "
        "for ewc\n"
        "  fix: set ewc: true in that run's contract and build it again, or drop ewc here"
    )
