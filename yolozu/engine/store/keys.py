"""Under which key a result is kept: everything that decides it, as one digest."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.digest import digest_of
from yolozu.contract.spec_history import telling
from yolozu.stages.registry import STAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from yolozu.planning.plan import Node
    from yolozu.planning.receipt import Receipt


SCRATCH = "scratch"


def key_of_node(node: Node, input_digests: Mapping[str, str]) -> str:
    """Key of what ``node`` gives for inputs of these digests (by field; a missing optional one is left out)."""
    told = telling(node.stage.spec, node.spec)
    return _key(node.name, node.stage.version, told, inputs=input_digests, outputs=node.outputs.values())


def key_of_receipt(receipt: Receipt) -> str:
    """Key of a finished result, as a stage of today has it; of a stage that is not known here, by its spec as it is."""
    known = receipt.stage in STAGES
    told = telling(STAGES.load(receipt.stage).spec, receipt.spec) if known else receipt.spec
    return _key(receipt.stage, receipt.version, told, inputs=receipt.inputs, outputs=receipt.outputs)


def can_be_kept(node: Node) -> bool:
    """Whether what ``node`` gives is the same for every run that asks for it, and lies below the run's directory.

    A stage that tells of its own run (``records``) gives another run's words; a part of a stage's work only waits in
    scratch for the others.
    """
    paths = [PurePosixPath(path) for path in node.outputs.values()]
    elsewhere = (path.is_absolute() or ".." in path.parts or path.parts[0] == SCRATCH for path in paths)
    return not node.records and not any(elsewhere)


def _key(stage: str, version: int, told: dict[str, Any], *, inputs: Mapping[str, str], outputs: Iterable[str]) -> str:
    decides = {"stage": stage, "version": version, "spec": told, "inputs": dict(inputs), "outputs": sorted(outputs)}
    return digest_of(decides)
