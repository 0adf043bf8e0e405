"""What made a file: what is proved, what is only said, what was changed, and what nobody knows of."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fixtures.receipted import ReceiptedRun, sha256
from yolozu.app.trace.trace import trace
from yolozu.engine.store.keys import key_of_receipt
from yolozu.engine.store.store import Store
from yolozu.errors import UsageError


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A finished run in the working directory."""
    monkeypatch.chdir(tmp_path)
    return ReceiptedRun(Path("runs/exp01")).all()


def traced(path, **options):
    found = trace([Path(path)], **options)
    assert found.unreadable == ()
    return found.artifacts[0]


def codes(one):
    return [finding.code for finding in one.findings]


def way_back(one):
    """Each stage, and what it has read from where."""
    return {
        f"{stage.known.run}/{stage.known.stage}": [parent.path or parent.name for parent in stage.parents]
        for stage in one.stages
    }


@pytest.mark.parametrize("copied", [False, True])
def test_a_file_is_proved_by_its_bytes_wherever_it_lies(run, tmp_path, copied):
    path = Path("runs/exp01/exports/model.onnx")
    if copied:
        path = Path(shutil.copy(path, tmp_path / "from_a_mail.bin"))
    one = traced(path)
    assert (one.verdict, [named.receipt for named in one.proof]) == ("made", ["runs/exp01/receipts/export_onnx.json"])
    assert way_back(one) == {
        "exp01/export_onnx": ["checkpoints/best.pt"],
        "exp01/train": ["data/train.json", "data/val.json", "data/models.json", "first weights"],
        "exp01/prepare_data": ["data"],
    }
    data = one.stages[-1].parents[0].ground
    assert data is not None
    assert data.said == {"dataset_root": "photos", "digest": "d" * 64, "files": 12, "bytes": 3400}
    assert one.findings == ()


def test_contract_command_code_and_machine_are_told(run):
    one = traced("runs/exp01/checkpoints/best.pt")
    contract = one.contracts[0]
    assert (contract["file"], contract["digest"]) == ("exp.yaml", run.contract_digest)
    assert [(key["key"], key["value"], key["default"], key["origin"]) for key in contract["keys"]] == [
        ("seed", 3, 0, "exp.yaml:3"),
        ("dataset_root", "photos", "synthetic", "exp.yaml:2"),
        ("lr", 0.01, 0.0001, "exp.yaml:8"),
        ("max_steps", 4, None, "exp.yaml:7"),
    ]
    assert one.training["command"]["argv"] == ["/bin/yolozu", "run", "exp.yaml"]
    assert one.training["git"]["dirty"] is True
    assert one.stages[0].known.receipt.ran_on["host"] == "n1"


def test_a_file_changed_in_its_place_is_told_with_both_digests(run):
    path = Path("runs/exp01/predictions/predictions.json")
    made = sha256(path.read_bytes())
    path.write_bytes(path.read_bytes() + b" ")
    one = traced(path)
    assert (one.verdict, codes(one), one.nearest[0].sha256) == ("changed", ["YZ772"], made)
    assert one.findings[0].problem == (
        f"is not what predict of exp01 made: by its receipt predictions/predictions.json has SHA-256 {made}, this file "
        f"has {sha256(path.read_bytes())}"
    )
    assert one.findings[0].severity == "error"


def test_a_bit_flipped_in_a_copied_model_is_found_by_the_model_itself(run, tmp_path):
    content = bytearray(Path("runs/exp01/exports/model.onnx").read_bytes())
    content[10] ^= 1
    path = tmp_path / "copied.onnx"
    path.write_bytes(content)
    one = traced(path)
    assert one.verdict == "changed"
    assert one.nearest[0].path == "runs/exp01/exports/model.onnx"
    assert one.findings[0].problem.endswith(f"{sha256(bytes(content))}; its content has another SHA-256 than it states")
    assert "exp01/train" in way_back(one)


def test_other_predictions_of_the_same_model_are_only_said_to_be_its(run, tmp_path):
    path = tmp_path / "others.json"
    about = json.loads(Path("runs/exp01/predictions/predictions.json").read_text())
    path.write_text(json.dumps({**about, "predictions": [{"image": "a.jpg"}]}))
    one = traced(path)
    assert (one.verdict, codes(one)) == ("claimed", ["YZ773"])
    assert one.findings[0].severity == "warning"
    assert [(parent.name, parent.path) for parent in one.stated] == [("ONNX file", "exports/model.onnx")]
    assert one.nearest[0].path == "runs/exp01/predictions/predictions.json"
    assert "another command made it, or it was changed" in one.findings[0].problem


def test_far_from_its_run_a_file_says_what_it_says_and_no_more(run, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy("runs/exp01/exports/model.onnx", elsewhere)
    monkeypatch.chdir(elsewhere)
    one = traced("model.onnx")
    assert (one.verdict, one.stages, codes(one)) == ("claimed", (), ["YZ773"])
    assert one.statement.said == {"yolozu_version": "0.2.0", "opset": 18}
    assert one.findings[0].fix == "there is no receipt in runs: name the directory of the runs with --runs DIR"
    assert traced("model.onnx", runs_dir=tmp_path / "runs").verdict == "made"


def test_a_run_that_lies_elsewhere_proves_its_own_files(run, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert traced("../runs/exp01/checkpoints/last.pt").verdict == "made"


def test_nobody_is_known_to_have_made_other_files(run, tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    shutil.copy(tmp_path / "notes.txt", "runs/exp01/notes.txt")
    for path, where in (("notes.txt", ""), ("runs/exp01/notes.txt", "lies in the run exp01, but ")):
        one = traced(path)
        assert (one.verdict, codes(one)) == ("unknown", ["YZ771"])
        assert one.findings[0].problem == (
            f"{where}nobody is known to have made it: it says nothing, and no receipt names its SHA-256 {one.sha256}"
        )


def test_equal_runs_are_all_named_and_the_own_one_comes_first(run, tmp_path):
    shutil.copytree("runs/exp01", "runs/exp02")
    for name in ("exp01", "exp02"):
        one = traced(f"runs/{name}/exports/model.onnx")
        assert [named.path.split("/")[1] for named in one.proof] == [name, *({"exp01", "exp02"} - {name})]
        assert set(way_back(one)) == {f"{name}/export_onnx", f"{name}/train", f"{name}/prepare_data"}


def test_another_known_file_in_the_place_of_an_output_is_told(run):
    shutil.copy("runs/exp01/checkpoints/last.pt", "runs/exp01/checkpoints/best.pt")
    one = traced("runs/exp01/checkpoints/best.pt")
    assert (one.verdict, one.proof[0].path) == ("made", "runs/exp01/checkpoints/last.pt")
    assert codes(one) == ["YZ772"]
    assert one.findings[0].problem.startswith(
        "lies where train of exp01 made another file: by its receipt checkpoints/"
    )


def test_the_way_leads_through_first_weights_into_the_run_that_made_them(run):
    second = ReceiptedRun(Path("runs/exp02"), init={"best.pt": run.digest("checkpoints/best.pt")}, host="n2")
    second.prepare()
    second.train("other weights")
    one = traced("runs/exp02/checkpoints/best.pt")
    assert way_back(one) == {
        "exp02/train": ["data/train.json", "data/val.json", "data/models.json", "checkpoints/best.pt"],
        "exp02/prepare_data": ["data"],
        "exp01/train": ["data/train.json", "data/val.json", "data/models.json", "first weights"],
        "exp01/prepare_data": ["data"],
    }
    assert [contract["run"] for contract in one.contracts] == ["exp02", "exp01"]


def test_weights_that_a_training_leaves_as_they_were_come_from_elsewhere(run, tmp_path):
    run.write("plan/init_from.json", json.dumps({"schema_version": 1, "files": {"a.pt": sha256(b"best weights")}}))
    run.train()
    one = traced("runs/exp01/checkpoints/best.pt")
    assert way_back(one)["exp01/train"][-1] == "first weights"
    assert one.stages[0].parents[-1].sha256 == one.sha256


def test_first_weights_from_outside_are_known_by_the_runs_that_began_with_them(run, tmp_path):
    (tmp_path / "resnet.pth").write_bytes(b"published")
    second = ReceiptedRun(Path("runs/exp02"), init={"resnet.pth": sha256(b"published")})
    second.prepare()
    second.train("on from there")
    one = traced("resnet.pth")
    assert (one.verdict, [(named.run, named.stage, named.path) for named in one.readers]) == (
        "read",
        [("exp02", "train", "init_from")],
    )
    assert codes(one) == ["YZ773"]


def test_what_was_built_anew_since_leaves_a_gap_that_is_told(run):
    old = run.digest("checkpoints/best.pt")
    run.train("trained again")
    one = traced("runs/exp01/exports/model.onnx")
    gap = one.stages[0].parents[0]
    assert (one.verdict, gap.sha256, gap.made_by) == ("made", old, None)
    new = run.digest("checkpoints/best.pt")
    assert (
        gap.note
        == f"no receipt here names it; it came from stage train, whose checkpoints/best.pt is {new[:12]} by now"
    )


def test_a_store_knows_what_its_run_has_forgotten(run):
    receipt = run.train()
    store = Store(Path("runs/.store"))
    named = replace(receipt, ran_on={**receipt.ran_on, "store": "exp01"})
    store.put(key_of_receipt(receipt), named, run.root)
    shutil.copy("runs/exp01/checkpoints/best.pt", "kept.pt")
    shutil.rmtree("runs/exp01")
    one = traced("kept.pt")
    assert (one.verdict, one.proof[0].run) == ("made", "exp01")
    assert one.proof[0].receipt.startswith("runs/.store/")
    assert one.training["contract_digest"] == run.contract_digest
    shutil.move("runs/.store", "shared")
    assert traced("kept.pt").verdict == "unknown"
    assert traced("kept.pt", store_dirs=[Path("shared")]).verdict == "made"


def test_the_own_files_of_a_run_are_told_apart(run):
    receipt = traced("runs/exp01/receipts/train.json")
    assert (receipt.verdict, "exp01/train" in way_back(receipt)) == ("claimed", True)
    assert receipt.findings[0].problem == "is a receipt of the run exp01, which no receipt names"
    assert traced("runs/exp01/plan/dataset.json").readers[0].stage == "prepare_data"
    contract = traced("runs/exp01/reports/config_resolved.yaml")
    assert contract.findings[0].problem == "is a file of the planner of the run exp01, which no receipt names"


def test_all_files_that_cannot_be_read_are_told_beside_those_that_can(run):
    found = trace([Path("nothing.pt"), Path("runs/exp01/checkpoints/best.pt"), Path("runs/exp01")])
    assert [finding.render() for finding in found.unreadable] == [
        "nothing.pt: YZ770 cannot be read: No such file or directory\n  fix: name a file that is there",
        "runs/exp01: YZ770 is a run, not a file\n"
        "  fix: name one of its files; yolozu verify run_dir=runs/exp01 reads all of them again",
    ]
    assert [one.verdict for one in found.artifacts] == ["made"]
    assert not found.all_proved


def test_directories_that_are_none_are_refused_together(run):
    with pytest.raises(UsageError) as caught:
        trace([Path("exp.yaml")], runs_dir=Path("nowhere"), store_dirs=[Path("exp.yaml")])
    assert [finding.where for finding in caught.value.findings] == ["--runs nowhere", "--store exp.yaml"]


def test_a_damaged_receipt_is_passed_over_aloud(run):
    Path("runs/exp01/receipts/train.json").write_text("{")
    found = trace([Path("runs/exp01/exports/model.onnx")])
    assert [finding.code for finding in found.warnings] == ["YZ775"]
    assert found.artifacts[0].stages[0].parents[0].note == "no receipt here names it; it came from stage train"


def test_nothing_of_it_needs_torch_or_the_network(run):
    code = (
        "import socket, sys\n"
        "socket.socket = None\n"
        "from yolozu.cli.app import main\n"
        "assert main(['trace', 'runs/exp01/exports/model.onnx', '--json']) == 0\n"
        "assert not {'torch', 'onnx', 'numpy'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["artifacts"][0]["verdict"] == "made"
