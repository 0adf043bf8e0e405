"""What a weights file holds, whoever wrote it. Nothing in a file is ever executed."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.checkpoint import FORMAT, Checkpoint, read_checkpoint
from yolozu.artifacts.jsonio import MISFIT, read_json
from yolozu.artifacts.weight_files import CONFIG, is_safetensors, weight_files
from yolozu.artifacts.zip_damage import ZIP_DAMAGE
from yolozu.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from yolozu.errors import YolozuError

ENTRIES = (("ema", "module"), ("model",), ("state_dict",))
"""Where published files keep their state dict; the moving average is what their authors evaluate."""

SETTINGS = ("cross_attn_method", "query_select_method")
"""Keys of the official configurations that change what is computed and leave no trace in the tensors' names."""

_PICKLE = b"\x80"
_ZIP = b"PK"
_BROKEN = (*ZIP_DAMAGE, OSError)


@dataclass(frozen=True)
class Container:
    """A weights file, opened.

    Attributes:
        where: the file, for messages.
        tensors: its state dict; empty where ``checkpoint`` is given.
        entry: where in the file the state dict was, such as ``ema.module``; empty when the file is nothing else.
        config: the ``config.json`` beside it, or None.
        settings: what else the file says of how its network computes (`SETTINGS`), wherever in it that stands.
        checkpoint: the file as one of yolozu's own, or None.
    """

    where: str
    tensors: dict[str, Tensor]
    entry: str = ""
    config: dict[str, Any] | None = None
    settings: dict[str, str] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None


def open_weights(path: Path) -> Container:
    """The weights at ``path``: a torch file, safetensors, or a directory with ``model.safetensors``.

    Raises:
        InputError: YZ415, there are no weights, they are damaged, or they could only be read by running code in them.
    """
    files = weight_files(path)
    if not files:
        raise _refused(path, f"holds no weights{' (model.safetensors)' if path.is_dir() else ''}")
    weights = next(iter(files.values()))
    if is_safetensors(weights):
        config = files.get(CONFIG)
        return Container(str(path), _safetensors(weights), config=None if config is None else _config(config))
    with weights.open("rb") as file:
        start = file.read(2)
    if start != _ZIP and not start.startswith(_PICKLE):
        raise _refused(path, "is neither a torch file nor safetensors")
    return _torch_file(weights)


def _safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise _damaged(path, error) from error


def _config(path: Path) -> dict[str, Any]:
    value = read_json(path, code="YZ415", fix="copy it again from where it came, or remove it")
    if not isinstance(value, dict):
        raise _refused(path, "holds no JSON object")
    return value


def _torch_file(path: Path) -> Container:
    import torch

    _require_intact(path)
    try:
        with warnings.catch_warnings():  # a byte that is wrong, or a file of a newer Python, which may well be read
            warnings.filterwarnings("ignore", "Detected pickle protocol")
            payload = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _refused(path, "holds Python objects other than tensors, which are never executed") from error
    except (*MISFIT, RuntimeError, EOFError, OSError) as error:
        raise _damaged(path, error) from error
    if isinstance(payload, dict) and payload.get("format") == FORMAT:
        return Container(str(path), {}, checkpoint=read_checkpoint(path))
    entry, tensors = _state_dict(payload, path)
    return Container(str(path), tensors, entry, settings=_settings(payload, tensors))


def _require_intact(path: Path) -> None:
    """Compare an archive with its checksums, which torch does not."""
    with path.open("rb") as file:
        if file.read(2) != _ZIP:
            return
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
    except _BROKEN as error:
        raise _damaged(path, error) from error
    if broken is not None:
        raise _damaged(path, ValueError(f"{broken} does not match its checksum"))


def _settings(payload: Any, tensors: dict[str, Tensor]) -> dict[str, str]:
    """`SETTINGS` that a training stored with its weights, at any depth."""
    found: dict[str, str] = {}
    pending, seen = [payload], set[int]()
    while pending:
        value = pending.pop()
        if isinstance(value, dict) and id(value) not in seen and value.keys() != tensors.keys():
            seen.add(id(value))
            found |= {key: value[key] for key in SETTINGS if isinstance(value.get(key), str)}
            pending += value.values()
    return found


def _state_dict(payload: Any, path: Path) -> tuple[str, dict[str, Tensor]]:
    import torch

    def is_state_dict(value: Any) -> bool:
        return isinstance(value, dict) and len(value) > 0 and all(isinstance(v, torch.Tensor) for v in value.values())

    if is_state_dict(payload):
        return "", dict(payload)
    for keys in ENTRIES:
        value = payload
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if is_state_dict(value):
            return ".".join(keys), dict(value)
    held = f"the keys {', '.join(map(str, payload))}" if isinstance(payload, dict) else f"a {type(payload).__name__}"
    raise _refused(path, f"holds {held}, but no state dict (looked for {', '.join(map('.'.join, ENTRIES))})")


def _refused(path: Path, problem: str) -> YolozuError:
    fix = "give a checkpoint of yolozu, a published RT-DETR or RT-DETRv2, or a backbone of torchvision"
    return InputError.one("YZ415", where=str(path), problem=problem, fix=fix)


def _damaged(path: Path, error: Exception) -> YolozuError:
    detail = f"{type(error).__name__}: {error}".splitlines()[0]
    return InputError.one(
        "YZ415", where=str(path), problem=f"is damaged: {detail}", fix="copy it again from where it came"
    )
