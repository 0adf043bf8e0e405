"""A toy run in a directory of its own, and sessions of a contract in another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.planning.toy import TOYS
from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.jsonio import pretty, write_text_if_changed
from yolozu.contract.overrides import parse_assignments
from yolozu.contract.sections.data import DatasetSection
from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.run import Contract
from yolozu.contract.sections.train import SeedSection
from yolozu.engine.execute_stage import execute
from yolozu.engine.open_session import open_session
from yolozu.paths import RunLayout, digest_cache_path
from yolozu.planning.compiler import compile_plan
from yolozu.planning.staleness import judge
from yolozu.progress import SilentProgress

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
store: false
"""

OPERATIONS = {"operations": OperationsSection(store=False).model_dump(mode="json"), "provenance": {}}


def contract(word: str = "hello", seed: int = 0, **sections) -> Contract:
    split = sections.pop("split", "train")
    return Contract(dataset=DatasetSection(dataset_root=word, split=split), seed=SeedSection(seed=seed), **sections)


@dataclass
class ToyRun:
    """A run of the toy stages, built in process."""

    layout: RunLayout

    def plan(self, contract_: Contract):
        plan = compile_plan(contract_, TOYS)
        for node in plan.nodes:
            write_text_if_changed(self.layout.request_path(node.name), pretty(node.request()))
        write_text_if_changed(self.layout.fingerprint_path, "{}")
        return plan

    def execute(self, contract_: Contract, stage: str, *, stopping: bool = False, insist_on_resume: bool = False):
        execute(
            self.plan(contract_)[stage],
            self.layout,
            operations=OPERATIONS,
            progress=SilentProgress(),
            stopping=lambda: stopping,
            insist_on_resume=insist_on_resume,
        )

    def reasons(self, contract_: Contract) -> dict[str, list[str]]:
        with DigestCache(digest_cache_path()) as cache:

            def digest(path: str) -> str | None:
                full = self.layout.root / path
                return cache.path(full) if full.exists() else None

            verdicts = judge(self.plan(contract_), [], self.layout, digest)
        return {
            verdict.node.name: [reason.render() for reason in verdict.reasons]
            for verdict in verdicts
            if verdict.reasons
        }

    def build(self, contract_: Contract) -> list[str]:
        """Build what is stale in order, as the engine does; names what ran."""
        ran = []
        for node in self.plan(contract_).nodes:
            own = [reason for reason in self.reasons(contract_).get(node.name, []) if "runs before it" not in reason]
            if own:
                self.execute(contract_, node.name)
                ran.append(node.name)
        return ran

    def text(self, path: str) -> str:
        return (self.layout.root / path).read_text()


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ToyRun:
    monkeypatch.chdir(tmp_path)
    return ToyRun(RunLayout.of("toy"))


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exp.yaml").write_text(CONTRACT)
    return "exp.yaml"


def opened(*words, config="exp.yaml", run_id="a", run_dir=None, forget=(), default_config=None, paranoid=False):
    return open_session(
        config=config,
        run_id=run_id,
        run_dir=run_dir,
        given=parse_assignments(words),
        default_config=default_config,
        forget=forget,
        argv=["doit"],
        paranoid=paranoid,
    )
