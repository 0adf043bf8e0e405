"""What the planner has written for a worker: its request, and the keys that are no part of any request."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from yolozu.artifacts.jsonio import read_json
from yolozu.artifacts.record import in_a_line, typed
from yolozu.contract.sections.operations import OperationsSection
from yolozu.errors import InputError, UsageError
from yolozu.planning.plan import Node
from yolozu.stages.base import Stage
from yolozu.stages.predict_shard import shard_stage
from yolozu.stages.registry import STAGES


@dataclass(frozen=True)
class _Request:
    """The form of a request file."""

    stage: str
    version: int
    spec: dict[str, dict[str, Any]]
    inputs: dict[str, str]
    gates: dict[str, str]
    outputs: dict[str, str]
    records: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Operations:
    """The form of the file of operations."""

    operations: dict[str, Any]
    provenance: dict[str, Any]
    moved: dict[str, str] | None = None


def read_request(path: Path, stage: Stage | None = None) -> Node:
    """The node a request file describes.

    Args:
        path: ``runs/<run_id>/plan/<stage>.json``.
        stage: its declaration; None looks it up in the registry.

    Raises:
        InputError: YZ312, the file is missing or no request of this version of the stage.
    """
    fix = "run the same doit command again: it writes the request anew"
    request = typed(
        _Request, read_json(path, code="YZ312", fix=fix), what="request", code="YZ312", where=str(path), fix=fix
    )
    try:
        found = stage or shard_stage(request.stage) or STAGES.load(request.stage)
        if request.version == found.version:
            found.spec.model_validate_json(json.dumps(request.spec))
    except (ValidationError, UsageError) as error:
        said = in_a_line(error) if isinstance(error, ValidationError) else error.findings[0].problem
        raise InputError.one("YZ312", where=str(path), problem=f"is no request: {said}", fix=fix) from error
    if request.version != found.version:
        problem = f"is of version {request.version} of the stage, the code has {found.version}"
        raise InputError.one("YZ312", where=str(path), problem=problem, fix=fix)
    return Node(found, request.spec, request.inputs, request.gates, request.outputs, (), request.records)


def runs_as_several(node: Node) -> bool:
    """Whether several processes run the stage together, on each of `nnodes` machines."""
    return node.stage.spec.model_validate_json(json.dumps(node.spec)).runs_as_several()


def read_operations(path: Path) -> dict[str, Any]:
    """What the planner has written for workers: operational keys, provenance, and where a moved data set lies.

    Raises:
        InputError: YZ312, the file is missing or holds something else.
    """
    fix = "run the same doit command again: it writes the file anew"
    value = read_json(path, code="YZ312", fix=fix)
    found = typed(_Operations, value, what="file of operations", code="YZ312", where=str(path), fix=fix)
    try:
        section_of({"operations": found.operations})
    except ValidationError as error:
        raise InputError.one("YZ312", where=str(path), problem=f"operations: {in_a_line(error)}", fix=fix) from error
    return asdict(found)


def section_of(operations: dict[str, Any]) -> OperationsSection:
    """The section in what `read_operations` gives; lists of JSON are tuples in it.

    Raises:
        ValidationError: it is none.
    """
    return OperationsSection.model_validate_json(json.dumps(operations["operations"]))
