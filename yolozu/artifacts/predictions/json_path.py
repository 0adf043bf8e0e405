"""Where in a JSON text something stands, in words that a terminal can show."""

from __future__ import annotations

import json
import re

LONGEST_KEY = 60
"""Letters of a key that are shown; a key may be megabytes long, and contain anything."""

_PLAIN = re.compile(r"[^\W\d]\w*", re.ASCII)


def member(where: str, key: str) -> str:
    """The path of an object's member: ``where.key``, or ``where["key"]`` for a key that is no plain word."""
    return f"{where}.{key}" if _PLAIN.fullmatch(key) and len(key) <= LONGEST_KEY else f"{where}[{quoted(key)}]"


def top_member(key: str) -> str:
    """The path of a member of the whole file."""
    return member("", key).removeprefix(".")


def quoted(key: str) -> str:
    """A key in quotes as in JSON: escapes for what is no ASCII, an ellipsis in the middle of what is long."""
    half = LONGEST_KEY // 2
    return json.dumps(key) if len(key) <= LONGEST_KEY else json.dumps(f"{key[:half]}...{key[-half:]}")
