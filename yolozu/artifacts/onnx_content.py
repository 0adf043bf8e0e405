"""Whether an ONNX file still holds what was exported: a digest inside it says so, and one beside it.

ONNX Runtime computes with whatever it is given; a flipped bit in a weight only gives other numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.jsonio import canonical, read_json
from yolozu.errors import Finding, InputError

PREFIX = "yolozu."
"""How the names of our properties begin."""

DIGEST_KEY = f"{PREFIX}content_sha256"
"""The property that holds `content_digest`, as a JSON text."""

BESIDE = ".meta.json"
"""Ending of the JSON beside an exported file, whose ``onnx_sha256`` is that of the whole file."""

_PROPERTIES = 14
"""Number of ``metadata_props`` in ``ModelProto`` (onnx.proto)."""


def content_digest(model: bytes) -> str:
    """SHA-256 (hex) of what a serialized ``ModelProto`` says: all but properties of others and the digest's own.

    It is taken over every field of the model but ``metadata_props`` (graph, weights, operator sets, …) in order of
    their numbers, each as ``<number> <bytes>``, a line feed, and its bytes as they are serialized; then over the
    properties whose names begin with ``yolozu.``, without the digest, as JSON with sorted keys and no spaces.

    Raises:
        ValueError: these are not the bytes of a message.
    """
    hasher = hashlib.sha256()
    for number, value in sorted(_fields(memoryview(model)), key=lambda field: field[0]):
        if number != _PROPERTIES:
            hasher.update(f"{number} {len(value)}\n".encode())
            hasher.update(value)
    ours = {key: text for key, text in properties_of(model).items() if key.startswith(PREFIX) and key != DIGEST_KEY}
    hasher.update(canonical(ours).encode("utf-8"))
    return hasher.hexdigest()


def stated_digest(model: bytes) -> str:
    """`content_digest` as a file states it: JSON, as all our properties are."""
    return canonical(content_digest(model))


def require_content(path: Path) -> None:
    """Refuse a file that holds something else than was exported, before anything is made of it.

    Raises:
        InputError: what `content_findings` finds.
    """
    if findings := content_findings(path):
        raise InputError(findings)


def content_findings(path: Path) -> list[Finding]:
    """Which digests, inside the file and beside it, are not its own (YZ633), or cannot be read (YZ634).

    Nothing is found where nothing is stated: in files of versions that wrote no digest, and where there is no file.
    """
    if not path.is_file():
        return []
    beside = path.with_name(path.name + BESIDE)
    findings = []
    if not holds_what_it_states(path.read_bytes()):
        findings.append(
            Finding(
                "YZ633",
                str(path),
                "its graph, weights or metadata are not those that were exported: they have another SHA-256 than it "
                f"states as {DIGEST_KEY}",
                "take an intact copy, or export the model again from its checkpoint; if another tool has changed it on "
                f"purpose, take {DIGEST_KEY} out of its properties",
            )
        )
    if beside.is_file():
        try:
            told = _stated_beside(beside)
        except InputError as error:
            return [*findings, *error.findings]
        if told != digest_file(path):
            findings.append(
                Finding(
                    "YZ633",
                    str(path),
                    f"is not the file that {beside.name} beside it tells of: its SHA-256 is not that onnx_sha256",
                    f"take both from one export; if another tool has changed it on purpose, remove {beside.name}",
                )
            )
    return findings


def holds_what_it_states(model: bytes) -> bool:
    """Whether a serialized model has the digest that it states, or states none."""
    if DIGEST_KEY.encode() not in model:
        return True
    try:
        return properties_of(model).get(DIGEST_KEY) == stated_digest(model)
    except ValueError:  # no message, though it was one when the digest was written
        return False


def properties_of(model: bytes) -> dict[str, str]:
    """The model's ``metadata_props``."""
    entries = [dict(_fields(value)) for number, value in _fields(memoryview(model)) if number == _PROPERTIES]
    texts = [{place: bytes(text).decode("utf-8") for place, text in entry.items()} for entry in entries]
    return {text.get(1, ""): text.get(2, "") for text in texts}


def _stated_beside(path: Path) -> str:
    fix = "take an intact copy, or remove it"
    value = read_json(path, code="YZ634", fix=fix)
    stated = value.get("onnx_sha256") if isinstance(value, dict) else None
    if not isinstance(stated, str):
        problem = "holds no onnx_sha256, the SHA-256 of the exported file beside it"
        raise InputError.one("YZ634", where=str(path), problem=problem, fix=fix)
    return stated


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and bytes of every field of a protobuf message, one level deep (protobuf.dev, "Encoding")."""
    place = 0
    while place < len(message):
        key, start = _varint(message, place)
        kind = key & 7
        if kind == 0:
            _, place = _varint(message, start)
        elif kind == 2:
            size, start = _varint(message, start)
            place = start + size
        elif kind in (1, 5):
            place = start + (8 if kind == 1 else 4)
        else:
            raise ValueError(f"field of kind {kind} at byte {place}")
        if place > len(message):
            raise ValueError(f"field that ends behind the message, at byte {start}")
        yield key >> 3, message[start:place]


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """The number at ``place``, seven bits a byte, and where it ends."""
    number = shift = 0
    while True:
        if place >= len(message):
            raise ValueError("number that ends behind the message")
        byte = message[place]
        number, place = number | (byte & 0x7F) << shift, place + 1
        if byte < 0x80:
            return number, place
        shift += 7
