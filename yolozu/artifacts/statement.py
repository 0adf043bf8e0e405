"""What a file of a run says of itself, whatever kind it is: what it is, and digests of what it was made of.

A file can say anything. Only a receipt that has the file's own digest proves where it comes from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yolozu.artifacts.archive_header import read_header
from yolozu.artifacts.jsonio import MISFIT
from yolozu.artifacts.onnx_content import DIGEST_KEY, PREFIX, holds_what_it_states, properties_of
from yolozu.artifacts.torch_archive import ArchiveError
from yolozu.artifacts.weight_files import is_safetensors
from yolozu.artifacts.zip_damage import ZIP_DAMAGE

LARGEST_REPORT = 1 << 26
"""Bytes of a report that is read whole; all larger ones of ours are lists of images, which name no other files."""

ROLES = {
    "checkpoint_sha256": "checkpoint",
    "onnx_sha256": "ONNX file",
    "predictions_sha256": "predictions",
    "teacher_sha256": "teacher",
    "checkpoint": "checkpoint",
}
"""Keys under which files hold digests of other files -> what those are."""

FORMATS = {
    "yolozu.checkpoint": "checkpoint",
    "yolozu.adapters": "adapters",
    "yolozu.continual_state": "state of a regularizer",
}

_SHA256 = re.compile("[0-9a-f]{64}")
_SHOWN = (
    "step",
    "epoch",
    "base_sha256",
    "regularizer",
    "yolozu_version",
    "opset",
    "adapter",
    "score_threshold",
    "images",
)
"""Keys of headers and metadata that tell people which file this is."""


@dataclass(frozen=True)
class Statement:
    """What a file says of itself.

    Attributes:
        kind: what it is, in words; None where it says nothing that is known here.
        said: key -> value, of what tells people which file this is.
        training: digest of the spec of the training that it says it comes from.
        made_of: what it was made of -> SHA-256 of that file, as it says.
        damage: what in it contradicts its own checksums; None where nothing does, or it has none.
        self_checked: whether it has a checksum of its own content.
    """

    kind: str | None
    said: dict[str, Any] = field(default_factory=dict)
    training: str | None = None
    made_of: dict[str, str] = field(default_factory=dict)
    damage: str | None = None
    self_checked: bool = False


NOTHING = Statement(None)


def read_statement(path: Path) -> Statement:
    """What the file at ``path`` says of itself; `NOTHING` where that cannot be read.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(512)
    for fits, read in _READERS:
        if fits(path, start):
            return read(path)
    return NOTHING


def _archive(path: Path) -> Statement:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (*ZIP_DAMAGE, OSError):
        return Statement("archive", damage="it ends too early, or its table of contents is broken", self_checked=True)
    if "head.json" in names:
        return _columns(path)
    try:
        header = read_header(path)
    except ArchiveError as error:
        return Statement("archive", damage=str(error), self_checked=True) if error.kind == "damaged" else NOTHING
    values = header.values
    kind = FORMATS.get(header.format, header.format)
    if values.get("training") is not None:
        kind = f"{kind} to go on from"
    return Statement(
        kind,
        _shown(values),
        training=_digest(values.get("contract_digest")),
        made_of=dict(_named(values)),
        damage=header.damage,
        self_checked=True,
    )


def _columns(path: Path) -> Statement:
    from yolozu.artifacts.predictions.columns_file import ColumnsFile

    try:
        with ColumnsFile(path) as columns:
            said = {**columns.meta, "predictions_sha256": columns.predictions_sha256}
    except (*ZIP_DAMAGE, *MISFIT, OSError) as error:
        return Statement("predictions as columns", damage=str(error), self_checked=True)
    return Statement("predictions as columns", _shown(said), made_of=dict(_named(said)), self_checked=True)


def _onnx(path: Path) -> Statement:
    model = path.read_bytes()
    try:
        ours = {key.removeprefix(PREFIX): text for key, text in properties_of(model).items() if key.startswith(PREFIX)}
    except ValueError:
        if path.suffix != ".onnx":
            return NOTHING
        return Statement("ONNX file", damage="it is cut off, or no ONNX file any more", self_checked=True)
    if not ours:
        return Statement("ONNX file") if path.suffix == ".onnx" else NOTHING
    said = dict(_readable(ours))
    damage = None if holds_what_it_states(model) else "its content has another SHA-256 than it states"
    training = _digest(said.get("contract_digest"))
    return Statement(
        "ONNX file", _shown(said), training, dict(_named(said)), damage, DIGEST_KEY in properties_of(model)
    )


def _readable(texts: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """Those of the texts that are JSON."""
    for key, text in texts.items():
        try:
            yield key, json.loads(text)
        except ValueError:
            continue


def _json(path: Path) -> Statement:
    from yolozu.artifacts.predictions.recognize import is_other_report

    if not is_other_report(path):
        return _predictions(path)
    if path.stat().st_size > LARGEST_REPORT:
        return NOTHING
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return NOTHING
    kind = next((kind for keys, kind in _REPORTS.items() if keys <= value.keys()), None)
    if kind is None:
        return Statement(None, made_of=dict(_named_deep(value)))
    made_of = dict(_named_deep(value))
    if kind == "record of first weights" and isinstance(value["files"], dict):
        made_of |= {str(name): sha for name, sha in value["files"].items() if _digest(sha) is not None}
    training = _digest(value.get("contract_digest")) if kind == "metadata of an ONNX file" else None
    return Statement(kind, _shown(value), training, made_of)


def _predictions(path: Path) -> Statement:
    from yolozu.artifacts.predictions.stream import BrokenJson, JsonText

    meta: dict[str, Any] = {}
    try:
        with path.open("rb") as file:
            text = JsonText(file, note_repeated=False)
            if text.peek() == "{":
                for key in text.members():
                    if text.peek() == "[":
                        break
                    value = text.value()
                    meta = value if key == "meta" and isinstance(value, dict) else meta
    except BrokenJson:
        return NOTHING
    return Statement("predictions" if meta else None, _shown(meta), made_of=dict(_named_deep(meta)))


def _rows(path: Path) -> Statement:
    with path.open("rb") as file:
        try:
            row = json.loads(file.readline())
        except ValueError:
            return NOTHING
    known = isinstance(row, dict) and isinstance(row.get("meta"), dict) and "optim_step" in row["meta"]
    return Statement("metrics, a row an event", {"begun": row.get("timestamp")}) if known else NOTHING


def _weights(path: Path) -> Statement:  # noqa: ARG001 - it says nothing of who made it
    return Statement("safetensors")


_REPORTS: dict[frozenset[str], str] = {
    frozenset(("stage", "spec", "inputs", "outputs", "ran_on")): "receipt",
    frozenset(("stage", "spec", "inputs", "outputs", "seconds")): "receipt",
    frozenset(("stage", "spec", "inputs", "outputs", "gates")): "request",
    frozenset(("dependency_lock", "contract_digest", "runtime")): "record of a training",
    frozenset(("onnx_sha256", "checkpoint_sha256", "thresholds")): "parity report",
    frozenset(("onnx_sha256", "checkpoint_sha256", "opset")): "metadata of an ONNX file",
    frozenset(("init_from", "files", "table")): "record of first weights",
}
"""Keys that a JSON object has -> what it is."""

_READERS: tuple[tuple[Callable[[Path, bytes], bool], Callable[[Path], Statement]], ...] = (
    (lambda _, start: start.startswith(b"PK"), _archive),
    (lambda path, _: path.suffix == ".jsonl", _rows),
    (lambda path, start: path.suffix != ".onnx" and start.lstrip()[:1] in (b"{", b"["), _json),
    (lambda path, _: is_safetensors(path), _weights),
    (lambda path, start: path.suffix == ".onnx" or start[:1] == b"\x08", _onnx),
)
"""Whether a file, by its name and its first bytes, is of a kind; and how such a one is read."""


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    return {key: values[key] for key in _SHOWN if isinstance(values.get(key), int | float | str)}


def _named(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, role in ROLES.items():
        digest = _digest(values.get(key))
        if digest is not None:
            yield role, digest


def _named_deep(value: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Files that a report names, at any depth of its objects; ``a`` and ``b`` of a comparison name one each."""
    for role, digest in _named(value):
        yield f"{above}{role}", digest
    for key, entry in value.items():
        if isinstance(entry, dict):
            if above == "" and key in ("a", "b") and (own := _digest(entry.get("sha256"))) is not None:
                yield f"{key}: predictions", own
            yield from _named_deep(entry, f"{key}: ")


def _digest(value: object) -> str | None:
    return value if isinstance(value, str) and _SHA256.fullmatch(value) else None
