"""Scalars as YAML 1.2 means them, read and written."""

from __future__ import annotations

import json
import re
from typing import Any

# Source: YAML 1.2.2, section 10.3.2, core schema. Nothing else is special: `no`, `1_000` and `2024-01-01` are texts.
_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}
_PLAIN = re.compile(r"(?:[A-Za-z_/]|\.{0,2}/)[\w./-]*", re.ASCII)
_BOOL_IN_YAML_1_1 = {"y", "n", "yes", "no", "on", "off"}
MAX_DIGITS = 100


def resolve(text: str) -> Any:
    """The value of a plain (unquoted) scalar: None, bool, int, float or the text itself."""
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if len(text) <= MAX_DIGITS and _INT.fullmatch(text):
        return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if text.lower() in _SPECIAL:
        return float(_SPECIAL[text.lower()])
    return text


def write_scalar(value: Any) -> str:
    """``value`` so that readers of YAML 1.1 and 1.2 alike get it back; texts are quoted where one could misread them.

    Raises:
        TypeError: it is none of None, bool, int, float and str.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _write_float(value)
    if isinstance(value, str):
        return _write_text(value)
    raise TypeError(f"{type(value).__name__} is no scalar")


def write_flow(value: Any) -> str:
    """``value`` on one line: maps as ``{a: 1}``, lists as ``[1, 2]``."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{write_scalar(key)}: {write_flow(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(write_flow(entry) for entry in value) + "]"
    return write_scalar(value)


def _write_float(value: float) -> str:
    text = repr(value).replace("inf", ".inf").replace("nan", ".nan")
    mantissa, exponent_mark, exponent = text.partition("e")
    if exponent_mark and "." not in mantissa:
        mantissa += ".0"  # readers of YAML 1.1 take 1e-07 for a text
    return mantissa + exponent_mark + exponent


def _write_text(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _BOOL_IN_YAML_1_1 and isinstance(resolve(text), str)
    return text if plain else quoted(text)


def quoted(text: str) -> str:
    """``text`` in double quotes, everything unprintable escaped."""
    parts = []
    for char in text:
        if char.isprintable():
            parts.append(json.dumps(char, ensure_ascii=False)[1:-1])
        else:
            parts.append(f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}")
    return '"' + "".join(parts) + '"'
