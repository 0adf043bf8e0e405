"""What differs between two runs, from what decides them to what came of it, and why where nothing should differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.app.run_differences.causes import causes
from yolozu.app.run_differences.differences import RunDifferences
from yolozu.app.run_differences.divergence import divergence
from yolozu.app.run_differences.layers import (
    code_differences,
    contract_differences,
    data_differences,
    environment_differences,
    metric_differences,
    operation_differences,
)
from yolozu.app.run_differences.outcomes import stage_differences, unexpected
from yolozu.app.run_differences.sides import open_sides

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from yolozu.app.run_differences.sides import RunSide


def compare_runs(words: tuple[str, str]) -> RunDifferences:
    """What differs between the runs that two words mean. Nothing is loaded that computes.

    Raises:
        UsageError: YZ850 a word means no run, YZ780 both mean one, YZ781 nothing of a run is built.
    """
    a, b = open_sides(words)
    code, environment = code_differences(a, b), environment_differences(a, b)
    stages, training = stage_differences(a, b), divergence(a, b)
    metrics, equal_metrics = metric_differences(a, b)
    parted = training is not None and training.should_be_equal and training.parted
    return RunDifferences(
        a={"run": a.name, "directory": str(a.root)},
        b={"run": b.name, "directory": str(b.root)},
        contract=tuple(contract_differences(a, b)),
        operations=tuple(operation_differences(a, b)),
        data=tuple(data_differences(a, b)),
        code=tuple(code),
        environment=tuple(environment),
        stages=tuple(stages),
        metrics=tuple(metrics),
        equal_metrics=equal_metrics,
        training=training,
        causes=tuple(causes(training, [*environment, *code], a, b)) if parted or any(unexpected(stages)) else (),
        same=dict(_same(a, b)),
        findings=(*a.findings, *b.findings),
    )


def write_differences_page(found: RunDifferences, path: Path) -> None:
    """Replace the HTML page at ``path`` by one that shows what differs."""
    from yolozu.artifacts.jsonio import write_text
    from yolozu.report.run_differences import run_differences_page

    write_text(path, run_differences_page(found.to_json()))


def _same(a: RunSide, b: RunSide) -> Iterator[tuple[str, str]]:
    """What the layers are in which nothing differs, in a few words."""
    if a.data is not None and a.data == b.data:
        files = f", {a.data['files']} files" if a.data.get("files") else ""
        root = f"{a.data['dataset_root']}{files}, " if "dataset_root" in a.data else ""
        yield "data", f"{root}digest {a.data['digest'][:12]}"
    if a.record is None or b.record is None:
        return
    digests = [side["contract_digest"] for side in (a.record, b.record)]
    if digests[0] == digests[1]:
        yield "contract", f"digest {digests[0][:12]}"
    runtime, hardware = a.record["runtime"], a.record["hardware"]
    threads = f"{runtime['torch_threads']} thread{'' if runtime['torch_threads'] == 1 else 's'}"
    yield "environment", f"torch {runtime['torch']}, {threads} on {runtime['device']}, {hardware['processor']}"
    git = a.record["git"]
    assert a.trained is not None
    state = (
        "no repository" if git is None else f"commit {git['sha'][:12]}{' with changed files' if git['dirty'] else ''}"
    )
    yield "code", f"yolozu {a.trained.software.get('yolozu', '?')}, {state}"
