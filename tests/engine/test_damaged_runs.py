"""Every artifact of a run is damaged so that neither size nor time shows it: no build gives a wrong result silently."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.conftest import opened
from tests.fixtures.damage import flip_a_bit, settle
from tests.fixtures.played import CONTRACT
from tests.fixtures.played_stages import Played, play
from yolozu.artifacts.digest import digest_file
from yolozu.engine.doit.run import run_build
from yolozu.engine.doit.tasks import Build
from yolozu.errors import EXIT_DONE
from yolozu.planning.compiler import registered_stages
from yolozu.stages.base import links

WORDS = (
    "replay_images=4", "scenarios=standard", "checkpoint_out=out/weights.pt", "metrics_jsonl=out/metrics.jsonl",
    "metrics_csv=out/metrics.csv", "onnx_golden=true", "onnx_with_processing=true",
    "export_precisions=fp16,int8", "parity_runtimes=onnxruntime",
)  # fmt: skip
"""So that the contract asks for as much as one contract can."""

OUTPUTS = [f"{stage.name}.{name}" for stage in registered_stages() for name in links(stage.outputs)]
"""All that stages declare."""


@dataclass
class DamagedRun:
    """A run that was built by played stages, which give what they make of the content of what they read.

    Attributes:
        played: what ran.
        intact: path -> what the first build gave.
    """

    played: Played
    intact: dict[Path, bytes]

    def build(self, *, paranoid: bool = False) -> int:
        """Build all of it; the exit code."""
        self.played.ran.clear()
        return run_build(Build(opened(*WORDS, paranoid=paranoid)), [], io.StringIO())

    def contents(self) -> dict[Path, bytes]:
        """Path -> what is there, of all outputs."""
        session = opened(*WORDS)
        paths = [session.layout.root / path for node in session.plan.nodes for path in node.outputs.values()]
        return {path: path.read_bytes() for path in paths if path.is_file()}

    def settle(self) -> None:
        """Have all digests remembered."""
        session = opened(*WORDS)
        settle(session.layout.root)
        assert not any(verdict.stale for verdict in session.verdicts([]))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("damaged"))
        Path("exp.yaml").write_text(CONTRACT.replace("scenarios: none\n", ""))
        found = DamagedRun(play(patch), {})
        found.played.rows = "{}\n"
        assert found.build() == EXIT_DONE
        found.intact = found.contents()
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("output", OUTPUTS)
def test_who_reads_a_damaged_artifact_has_it_made_anew_first(run, output):
    stage, _, name = output.partition(".")
    plan, root = opened(*WORDS).plan, Path("runs/a")
    if stage == "forgetting":
        pytest.skip("goes on from another run")
    path = plan[stage].outputs[name]
    readers = [node for node in plan.nodes if path in node.inputs.values()]
    run.settle()
    flip_a_bit(root / path)
    for reader in readers:
        (root / "receipts" / f"{reader.name}.json").unlink()
    assert run.build() == EXIT_DONE
    assert (f"a/{stage}" in run.played.ran) == bool(readers)
    if not readers:
        assert run.build(paranoid=True) == EXIT_DONE
        assert f"a/{stage}" in run.played.ran
    assert run.contents() == run.intact


@pytest.mark.slow
def test_who_is_paranoid_is_told_which_file_it_is_and_with_which_digests(run):
    run.settle()
    path = Path("runs/a/exports/model.onnx")
    before = digest_file(path)[:12]
    flip_a_bit(path)
    assert not any(verdict.stale for verdict in opened(*WORDS).verdicts([]))
    session = opened(*WORDS, paranoid=True)
    changed = f"exports/model.onnx has other content than when it was {{}} (sha256 {before} → {digest_file(path)[:12]}"
    reasons = {verdict.node.name: [reason.render() for reason in verdict.reasons] for verdict in session.verdicts([])}
    assert reasons["train"] == []
    assert reasons["export_onnx"] == [f"{changed.format('built')}; size and time as they were)"]
    assert reasons["predict"][0] == f"{changed.format('read')}; size and time as they were)"
    assert run.build() == EXIT_DONE  # what was read is known from now on
    assert "a/export_onnx" in run.played.ran
    assert run.contents() == run.intact
