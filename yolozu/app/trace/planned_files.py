"""What the planner has noted of files outside of a run: the data set, first weights, earlier runs, and others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yolozu.artifacts.spec import flat


@dataclass(frozen=True)
class Ground:
    """Something that no stage made.

    Attributes:
        name: what it is: ``data``, ``first weights``.
        said: what is known of it.
        sha256: digest of a file; None where it is no single file.
    """

    name: str
    said: dict[str, Any] = field(default_factory=dict)
    sha256: str | None = None


def planned_file(path: str, digest: str, roots: Iterable[Path]) -> dict[str, Any] | None:
    """The planner's file as a stage has read it, from the first run that still has it; None where none does.

    Args:
        path: relative to a run's directory.
        digest: of the file as it was read.
        roots: directories of runs, the likeliest first.
    """
    for root in roots:
        try:
            content = (root / path).read_bytes()
        except OSError:
            continue
        if hashlib.sha256(content).hexdigest() == digest:
            value = json.loads(content)
            return value if isinstance(value, dict) else None
    return None


def grounds_of(path: str, value: dict[str, Any], spec: dict[str, Any]) -> Iterator[Ground]:
    """What a file of the planner tells of; nothing where it says that there is nothing.

    Args:
        path: of the file, relative to the run's directory.
        value: what it says.
        spec: of the stage that has read it.
    """
    match path:
        case "plan/dataset.json":
            yield Ground("data", {key: value.get(key) for key in ("dataset_root", "digest", "files", "bytes")})
        case "plan/init_from.json":
            yield from _first_weights(value.get("files"), spec)
        case "plan/backgrounds.json" if value.get("digest") is not None:
            named = flat(spec).get("paste_backgrounds")
            yield Ground(
                "backgrounds", {"paste_backgrounds": named, **{key: value.get(key) for key in ("digest", "files")}}
            )
        case "plan/given.json":
            yield from _given(value, spec)
        case "plan/earlier.json":
            yield from _earlier(value, spec)
        case "plan/earlier_tasks.json":
            for task in value.get("tasks", []):
                files = {name: sha for name, sha in task["files"].items() if sha is not None}
                yield from (Ground(f"{task['name']}: {name}", {}, sha) for name, sha in files.items())


def _first_weights(files: dict[str, str] | None, spec: dict[str, Any]) -> Iterator[Ground]:
    values = flat(spec)
    if files is None:
        yield Ground("first weights", {"seed": values.get("seed")})
        return
    for name, known_by in files.items():
        said = {"init_from": values.get("init_from"), "file": name}
        if len(known_by) == 64:
            yield Ground("first weights", said, known_by)
        else:  # published weights, known by their commit or address
            yield Ground("first weights", {**said, "known_by": known_by})


def _given(value: dict[str, Any], spec: dict[str, Any]) -> Iterator[Ground]:
    if value.get("predictions") is not None:
        yield Ground("predictions", {"file": flat(spec).get("predictions")}, value["predictions"])
    if value.get("adapter") is not None:
        yield Ground("adapter", {"package": value["adapter"]})


def _earlier(value: dict[str, Any], spec: dict[str, Any]) -> Iterator[Ground]:
    named = flat(spec)
    if value.get("teacher") is not None:
        yield Ground("teacher", {"self_distill_from": named.get("self_distill_from")}, value["teacher"])
    left = value.get("left")
    for name, sha in ({} if left is None else left).items():
        yield Ground(name, {"continual_from": named.get("continual_from")}, sha)
    if value.get("stored_outputs") is not None:
        said = {"derpp_teacher_key": named.get("derpp_teacher_key"), "digest": value["stored_outputs"]}
        yield Ground("stored outputs", said)
