"""Adapters without their base: a file of a megabyte that names, by a digest, the weights it belongs to.

The file is made as a checkpoint is (`yolozu.artifacts.checkpoint`): canonical JSON and one flat map of tensors, so that
equal adapters are equal files, and reading one never runs code.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.jsonio import canonical
from yolozu.artifacts.torch_archive import MALFORMED, ArchiveError, plain, read_archive, write_archive
from yolozu.errors import InputError, YolozuError
from yolozu.structures.classes import ClassTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

FORMAT = "yolozu.adapters"
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Adapters:
    """What a training with adapters has added to a detector.

    Attributes:
        model_config: the architecture with them, as a checkpoint's.
        classes: which logit is which category.
        preprocess: how an image becomes network input.
        contract_digest: digest of the training's spec.
        step: optimizer steps behind them.
        epoch: epochs completed.
        metrics: validation metrics of base and adapters together, empty where they were not validated.
        base_sha256: of what they belong to, see `digest_of_base`.
        tensors: by their names in the detector with adapters; biases among them where those were trained.
        source: the file they were read from, for messages; not saved.
    """

    model_config: dict[str, Any]
    classes: ClassTable
    preprocess: dict[str, Any]
    contract_digest: str
    step: int
    epoch: int
    metrics: dict[str, float | None]
    base_sha256: str
    tensors: dict[str, Tensor]
    source: str = field(default="adapters", compare=False)


def digest_of_base(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and bits of ``tensors``, in the order of their names."""
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(plain(tensor).flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def write_adapters(path: Path, adapters: Adapters) -> None:
    """Replace the file at ``path``, whole or not at all. Equal adapters give equal bytes.

    Raises:
        OSError: the system refuses; it names the file.
    """
    header = {
        "model_config": adapters.model_config,
        "classes": adapters.classes.to_json(),
        "preprocess": adapters.preprocess,
        "contract_digest": adapters.contract_digest,
        "step": adapters.step,
        "epoch": adapters.epoch,
        "metrics": adapters.metrics,
        "base_sha256": adapters.base_sha256,
    }
    payload = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "header": canonical(header),
        "tensors": {name: plain(tensor) for name, tensor in sorted(adapters.tensors.items())},
    }
    write_archive(path, payload)


def read_adapters(path: Path) -> Adapters:
    """The adapters at ``path``, on the CPU. Nothing in the file is executed.

    Raises:
        InputError: YZ473 it cannot be read, or is some other file, YZ474 it is damaged or cut off, of another schema
            version, or its parts contradict each other.
    """
    try:
        payload = read_archive(path, "file of adapters")
    except ArchiveError as error:
        if error.kind == "damaged":
            raise _contradictory(path, f"adapters are damaged: {error.detail}") from error
        said = f"adapters cannot be read: {error.detail}" if error.kind == "missing" else error.detail
        raise _foreign(path, said) from error
    if not isinstance(payload, dict) or payload.get("format") != FORMAT:
        raise _foreign(path, "holds no adapters by themselves")
    if payload.get("schema_version") != SCHEMA_VERSION:
        problem = f"adapters of schema version {payload.get('schema_version')!r}, this yolozu reads {SCHEMA_VERSION}"
        raise _contradictory(path, problem)
    try:
        return _from_payload(payload, source=str(path))
    except MALFORMED as error:
        problem = f"adapters whose parts contradict each other: {type(error).__name__}: {error}"
        raise _contradictory(path, problem) from error


def _from_payload(payload: dict[str, Any], *, source: str) -> Adapters:
    header, tensors = json.loads(payload["header"]), dict(payload["tensors"])
    for name, tensor in tensors.items():
        if not hasattr(tensor, "untyped_storage"):
            raise TypeError(f"{name} is no tensor")
    return Adapters(
        model_config=dict(header["model_config"]),
        classes=ClassTable.from_json(header["classes"]),
        preprocess=header["preprocess"],
        contract_digest=header["contract_digest"],
        step=header["step"],
        epoch=header["epoch"],
        metrics=header["metrics"],
        base_sha256=header["base_sha256"],
        tensors=tensors,
        source=source,
    )


def _foreign(path: Path, problem: str) -> YolozuError:
    return InputError.one(
        "YZ473", where=str(path), problem=problem, fix="give a file that `yolozu lora split` has written"
    )


def _contradictory(path: Path, problem: str) -> YolozuError:
    return InputError.one(
        "YZ474",
        where=str(path),
        problem=problem,
        fix="split the checkpoint again, or use the yolozu that wrote the file",
    )
