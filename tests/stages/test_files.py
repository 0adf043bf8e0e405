import csv
import json
import subprocess
import sys

import pytest

from tests.stages.contexts import context_in
from yolozu.contract.sections.files import FilesSection
from yolozu.contract.sections.run import Contract
from yolozu.planning.compiler import compile_plan, registered_stages
from yolozu.planning.plan import Plan
from yolozu.planning.receipt import Receipt
from yolozu.planning.staleness import staleness
from yolozu.stages.files import STAGE, FilesInputs, FilesOutputs, FilesSpec, run

META = {"kind": "train_step", "epoch": 0, "step": 1, "optim_step": 1}
ROW = {"schema_version": 1, "timestamp": "T", "losses": {"total": 1.5}, "metrics": {}, "meta": META}
WANTED = {"checkpoint_out": "models/a.pt", "metrics_jsonl": "tables/m.jsonl", "metrics_csv": "tables/m.csv"}


@pytest.fixture
def inputs(tmp_path):
    (tmp_path / "best.pt").write_bytes(b"weights")
    (tmp_path / "m.jsonl").write_text(json.dumps(ROW) + "\n")
    return FilesInputs(tmp_path / "best.pt", tmp_path / "m.jsonl")


def plan_of(**files) -> Plan:
    return compile_plan(Contract(files=FilesSection(**files)), registered_stages())


def test_what_is_asked_for_is_copied_and_nothing_else(inputs, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    spec = FilesSpec(files=FilesSection(**WANTED))
    assert run(spec, inputs, FilesOutputs(None, None, None), context_in(tmp_path)) == {}
    assert list(out.iterdir()) == []
    outputs = FilesOutputs(out / "a.pt", out / "m.jsonl", out / "m.csv")
    assert run(spec, inputs, outputs, context_in(tmp_path)) == {"csv_rows": 1}
    assert outputs.checkpoint_out.read_bytes() == b"weights"
    assert outputs.metrics_jsonl.read_bytes() == inputs.train_metrics.read_bytes()
    (row,) = csv.DictReader(outputs.metrics_csv.read_text().splitlines())
    assert (row["meta.kind"], row["losses.total"]) == ("train_step", "1.5")


@pytest.mark.effect("checkpoint_out", "metrics_jsonl", "metrics_csv")
@pytest.mark.parametrize("key", WANTED)
def test_the_stage_is_part_of_the_plan_when_a_key_is_given(key):
    assert "files" not in plan_of()
    assert plan_of(**{key: WANTED[key]})["files"].outputs == {key: WANTED[key]}


def test_what_is_there_anyway_is_not_copied_onto_itself():
    assert "files" not in plan_of(checkpoint_out="checkpoints/best.pt", metrics_jsonl="reports/train_metrics.jsonl")


@pytest.mark.parametrize("key", WANTED)
def test_a_changed_key_makes_nothing_stale_but_the_copies(key):
    before, after = plan_of(**WANTED), plan_of(**{**WANTED, key: "other"})
    changed = []
    for node in after.nodes:
        receipt = Receipt(
            node.name, node.stage.version, before[node.name].spec, dict.fromkeys(node.inputs, "d"),
            dict.fromkeys(before[node.name].outputs.values(), "d"), {}, "T", 0.0, {},
        )  # fmt: skip
        there = {*node.inputs.values(), *receipt.outputs}
        reasons = staleness(node, receipt, lambda path, there=there: "d" if path in there else None)
        changed += [(node.name, reason.kind, reason.subject) for reason in reasons]
    assert changed == [("files", "key", key), ("files", "output", "other")]


def test_copying_needs_no_torch(inputs, tmp_path):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from yolozu.stages.files import run, FilesInputs, FilesOutputs\n"
        f"here = Path({str(tmp_path)!r})\n"
        "run(None, FilesInputs(here / 'best.pt', here / 'm.jsonl'), "
        "FilesOutputs(here / 'a.pt', here / 'b.jsonl', here / 'c.csv'), None)\n"
        "assert not {'torch', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / "c.csv").is_file()


def test_the_stage_reads_what_training_gives():
    assert plan_of(**WANTED)["files"].inputs == {
        "best": "checkpoints/best.pt", "train_metrics": "reports/train_metrics.jsonl",
    }  # fmt: skip
    assert not STAGE.resumable
