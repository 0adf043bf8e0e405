"""What differs between two runs in contract, data, code, environment and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yolozu.app.run_differences.differences import Difference
from yolozu.artifacts.spec import flat
from yolozu.contract.diff import differences
from yolozu.contract.loader import load_contract
from yolozu.contract.spec_history import comparable
from yolozu.engine.run_names import RESOLVED
from yolozu.errors import ContractError
from yolozu.stages.registry import STAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.app.run_differences.sides import RunSide
    from yolozu.planning.receipt import Receipt

WITHOUT_RESULTS = {"operations", "files", "report"}
"""Sections of the contract that decide no result."""

RUNTIME = {
    "device": "device",
    "processes": "processes",
    "torch": "torch",
    "torch_threads": "torch threads",
    "torch_interop_threads": "torch operations at a time",
    "deterministic_algorithms": "deterministic algorithms",
    "float32_matmul_precision": "float32 matmul precision",
    "cuda": "CUDA of torch",
    "platform": "platform",
}
HARDWARE = {"machine": "architecture", "processor": "processor", "cpu_count": "CPUs", "gpus": "GPUs"}
"""Keys of a training's record -> what they are called."""

_NOT_MEASURED = {"seconds", "images_per_s"}
"""Numbers of stages that say how fast they were."""


def spec_of(receipt: Receipt) -> dict[str, Any]:
    """What of a stage's spec decides its result, in the same form whichever release wrote it, by flat key."""
    known = receipt.stage in STAGES
    return flat(comparable(STAGES.load(receipt.stage).spec, receipt.spec) if known else receipt.spec)


def contract_differences(a: RunSide, b: RunSide) -> list[Difference]:
    """Keys that stages of both were run with, and whose values differ, in alphabetical order."""
    found: dict[str, tuple[Any, Any, list[str]]] = {}
    for stage in a.receipts.keys() & b.receipts.keys():
        old, new = spec_of(a.receipts[stage]), spec_of(b.receipts[stage])
        for key in old.keys() | new.keys():
            if old.get(key) != new.get(key):
                found.setdefault(key, (old.get(key), new.get(key), []))[2].append(stage)
    order = list(STAGES)
    return [
        Difference(key, old, new, tuple(sorted(stages, key=lambda stage: order.index(stage) if stage in order else -1)))
        for key, (old, new, stages) in sorted(found.items())
    ]


def operation_differences(a: RunSide, b: RunSide) -> list[Difference]:
    """Keys that decide no result, as the runs last resolved them; nothing where one of them has not noted that."""
    try:
        pair = [load_contract(side.root / RESOLVED) for side in (a, b)]
    except ContractError:
        return []
    found = differences(pair[0], pair[1])
    return [Difference(d.key, d.before.value, d.after.value) for d in found if d.section in WITHOUT_RESULTS]


def data_differences(a: RunSide, b: RunSide) -> list[Difference]:
    """Digest of the data set and, where that differs, what else is known of it; counts of images and objects."""
    first, second = ({} if side.data is None else side.data for side in (a, b))
    found = []
    if first.get("digest") != second.get("digest"):
        found = [
            Difference(key, first.get(key), second.get(key)) for key in ("digest", "dataset_root", "files", "bytes")
        ]
    pair = [side.receipts.get("prepare_data") for side in (a, b)]
    counts = [{} if receipt is None else receipt.numbers for receipt in pair]
    found += [Difference(key.replace("_", " "), counts[0].get(key), counts[1].get(key)) for key in sorted(counts[0])]
    return [entry for entry in found if entry.a != entry.b]


def code_differences(a: RunSide, b: RunSide) -> list[Difference]:
    """Versions of yolozu and of its stages, and the commit of the working directory that each training was in."""
    found = []
    versions = [sorted({r.software.get("yolozu", "?") for r in side.receipts.values()}) for side in (a, b)]
    if versions[0] != versions[1]:
        found.append(Difference("yolozu", ", ".join(versions[0]), ", ".join(versions[1])))
    for stage in (stage for stage in a.receipts if stage in b.receipts):
        pair = a.receipts[stage].version, b.receipts[stage].version
        if pair[0] != pair[1]:
            found.append(Difference(f"version of stage {stage}", *pair))
    commits = [_commit(side.record) for side in (a, b)]
    if None not in (a.record, b.record) and commits[0] != commits[1]:
        found.append(Difference("commit of the working directory", commits[0], commits[1]))
    return found


def environment_differences(a: RunSide, b: RunSide) -> list[Difference]:
    """Software and machines of the trainings, and of stages whose receipts name others."""
    found = list(_hosts(a, b))
    if a.record is None or b.record is None:
        return found
    for part, names in (("runtime", RUNTIME), ("hardware", HARDWARE)):
        pairs = ((names[key], a.record[part].get(key), b.record[part].get(key)) for key in names)
        found += [Difference(name, old, new) for name, old, new in pairs if old != new]
    locks = [side.record["dependency_lock"] for side in (a, b) if side.record is not None]
    pythons = [lock["python_version"] for lock in locks]
    found += [Difference("Python", *pythons)] if pythons[0] != pythons[1] else []
    old, new = (lock["packages"] for lock in locks)
    for name in sorted(old.keys() | new.keys()):
        if name not in ("torch", "yolozu") and old.get(name) != new.get(name):
            found.append(Difference(f"package {name}", old.get(name), new.get(name)))
    return found


def metric_differences(a: RunSide, b: RunSide) -> tuple[list[Difference], int]:
    """Numbers of the evaluation, else of the training, that differ, and how many do not."""
    stage = "evaluate" if "evaluate" in a.receipts and "evaluate" in b.receipts else "train"
    if stage not in a.receipts or stage not in b.receipts:
        return [], 0
    old, new = a.receipts[stage].numbers, b.receipts[stage].numbers
    names = [name for name in sorted(old.keys() | new.keys()) if name not in _NOT_MEASURED]
    found = [Difference(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]
    return found, len(names) - len(found)


def _hosts(a: RunSide, b: RunSide) -> Iterator[Difference]:
    """Machines by name; stages that ran on the same ones together."""
    pairs: dict[tuple[str | None, str | None], list[str]] = {}
    for stage in (stage for stage in a.receipts if stage in b.receipts):
        hosts = a.receipts[stage].ran_on.get("host"), b.receipts[stage].ran_on.get("host")
        if hosts[0] != hosts[1]:
            pairs.setdefault(hosts, []).append(stage)
    for (old, new), stages in pairs.items():
        yield Difference("host", old, new, tuple(stages))


def _commit(record: dict[str, Any] | None) -> str | None:
    git = None if record is None else record["git"]
    return None if git is None else f"{git['sha'][:12]}{' with changed files' if git['dirty'] else ''}"
