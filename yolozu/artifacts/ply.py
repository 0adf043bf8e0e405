"""The vertices of PLY meshes: text, or binary of either byte order."""

# Shapes: V vertices.

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolozu.errors import InputError

# Source: Turk, The PLY Polygon File Format, 1994; the second names are those of later writers.
_TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4",
    "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
    "float32": "f4", "float64": "f8",
}  # fmt: skip
_BYTE_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">"}
_END = b"end_header"
LONGEST_HEADER = 65536
FARTHEST = 1e15
"""No object is as large in any unit; squares of what lies far beyond are infinite."""


@dataclass(frozen=True)
class _Element:
    """``count`` rows of the properties (name, type); a type of None is a list."""

    name: str
    count: int
    properties: tuple[tuple[str, str | None], ...]


def read_vertices(path: Path) -> NDArray[np.float64]:
    """The vertices of the mesh at ``path``, in its unit; faces, colors and normals are passed over.

    Returns:
        (V, 3).

    Raises:
        InputError: YZ241 the file is missing, cut off, or no PLY file with vertices nearer than `FARTHEST`.
    """
    try:
        points_V3 = _vertices(path.read_bytes())
    except (OSError, ValueError) as error:
        fix = "give a PLY mesh whose element vertex has x, y and z"
        raise InputError.one("YZ241", where=str(path), problem=f"is no readable mesh: {error}", fix=fix) from error
    if not (np.abs(points_V3) < FARTHEST).all():
        raise InputError.one(
            "YZ241",
            where=str(path),
            problem=f"holds vertices that are not finite, or farther than {FARTHEST:g} from its origin",
            fix="export the mesh again",
        )
    return points_V3


def _vertices(data: bytes) -> NDArray[np.float64]:
    form, elements, body = _header(data)
    earlier: list[_Element] = []
    for element in elements:
        if element.name == "vertex":
            names = [name for name, _ in element.properties]
            if not {"x", "y", "z"} <= set(names) or any(kind is None for _, kind in element.properties):
                raise ValueError("element vertex has no plain x, y and z")
            if form == "ascii":
                return _from_text(body, element, names, skipped=sum(entry.count for entry in earlier))
            return _from_binary(body, element, earlier, _BYTE_ORDERS[form])
        earlier.append(element)
    raise ValueError("it has no element vertex")


def _header(data: bytes) -> tuple[str, list[_Element], bytes]:
    end = data.find(_END, 0, LONGEST_HEADER)
    if not data.startswith(b"ply") or end < 0:
        raise ValueError("it has no PLY header")
    body = data[end + len(_END) :]
    body = body[2:] if body.startswith(b"\r\n") else body[1:]
    form = ""
    elements: list[_Element] = []
    for line in data[:end].decode("latin-1").splitlines():
        match line.split():
            case ["format", form, _]:
                pass
            case ["element", name, count] if count.isdigit():
                elements.append(_Element(name, int(count), ()))
            case ["property", "list", _, _, name] if elements:
                elements[-1] = _with(elements[-1], name, None)
            case ["property", kind, name] if elements and kind in _TYPES:
                elements[-1] = _with(elements[-1], name, _TYPES[kind])
            case ["element" | "property", *_]:
                raise ValueError(f"header line {line.strip()!r} is not understood")
    if form != "ascii" and form not in _BYTE_ORDERS:
        raise ValueError(f"format {form!r} is not known")
    return form, elements, body


def _with(element: _Element, name: str, kind: str | None) -> _Element:
    return _Element(element.name, element.count, (*element.properties, (name, kind)))


def _from_text(body: bytes, element: _Element, names: list[str], *, skipped: int) -> NDArray[np.float64]:
    most = min(skipped + element.count, len(body))
    lines = body.split(b"\n", most)[skipped:most]
    values = np.array(b" ".join(lines).split(), np.float64)
    if len(lines) != element.count or values.size != element.count * len(names):
        raise ValueError(f"it ends before its {element.count} vertices, or a line has another number of values")
    return values.reshape(element.count, len(names))[:, [names.index(axis) for axis in "xyz"]]


def _from_binary(body: bytes, element: _Element, earlier: list[_Element], order: str) -> NDArray[np.float64]:
    if any(kind is None for entry in earlier for _, kind in entry.properties):
        raise ValueError("lists stand before its vertices")
    start = sum(entry.count * _row_type(entry, order).itemsize for entry in earlier)
    row = _row_type(element, order)
    if len(body) < start + element.count * row.itemsize:
        raise ValueError(f"it ends before its {element.count} vertices")
    rows = np.frombuffer(body, row, element.count, start)
    return np.stack([rows[axis].astype(np.float64) for axis in "xyz"], axis=-1)


def _row_type(element: _Element, order: str) -> np.dtype[np.void]:
    return np.dtype([(name, f"{order}{kind}") for name, kind in element.properties])
