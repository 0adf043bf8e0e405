"""Files spoiled as disks, editors and programs spoil them: bytes flipped, cut, put in, values of JSON replaced."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from hypothesis import strategies as st

NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
WORD = re.compile(rb"[^\s:,\[\]{}]+")

STRANGE_TEXT = (
    *("", "null", "~", "-1", "0", "1e999", "nan", "NaN", "1_0", "9" * 400, "1e-400", "99999999999999999999", "-0.0"),
    *("true", "[]", "{}", '""', "[[[[", "\t", "\x00", "\x1b[31m", "\u202e", "\ud7ff", "é" * 3, "*a", "&a", "!!int 3"),
    *("../../../etc/passwd", "/dev/zero", "<script>", "%s", "0x10", ".inf", "a: b", "a" * 5000, "- - -", "\r\n", ","),
    *("\\ud800", "\x9b31m", "\u2028", "<a/>", "&amp;", "1e308", "00", "1e", "[null]", "\ufeff"),
)  # fmt: skip
STRANGE_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**70), 10**400, 0.5, -0.0, 1e308, 1e-320),
    *("", "a", "\x1b[2J", "\u0000", "../..", "/dev/null", "ü", "x" * 3000, "1", "\x9b2J", "\ud800"),
    *([], [[]], [None], [1, "a"], {}, {"a": None}, {"": {}}),
)
STRANGE_KEYS = ("", "x", "\x1b[1m", "schema_version", "<b>", "\ud800")
DEEP = "deep"
"""Stands for lists within lists, deeper than any reader goes."""

Change = tuple[str, float, Any]

CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.tuples(st.just("flip"), st.floats(0, 1), st.integers(0, 7)),
    st.tuples(st.just("byte"), st.floats(0, 1), st.integers(0, 255)),
    st.tuples(st.just("cut"), st.floats(0, 1), st.integers(1, 64)),
    st.tuples(st.just("end"), st.floats(0, 1), st.none()),
    st.tuples(st.just("again"), st.floats(0, 1), st.integers(1, 64)),
    st.tuples(st.just("insert"), st.floats(0, 1), st.sampled_from(STRANGE_TEXT)),
    st.tuples(st.just("number"), st.floats(0, 1), st.sampled_from(STRANGE_TEXT)),
    st.tuples(st.just("word"), st.floats(0, 1), st.sampled_from(STRANGE_TEXT)),
)
JSON_CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.tuples(st.just("value"), st.floats(0, 1), st.sampled_from((*STRANGE_VALUES, DEEP))),
    st.tuples(st.just("drop"), st.floats(0, 1), st.none()),
    st.tuples(
        st.just("key"), st.floats(0, 1), st.sampled_from(("", "x", "\x1b[1m", "schema_version", "<b>", "\ud800"))
    ),
)


def lists_of_changes(*, is_json: bool) -> st.SearchStrategy[list[Change]]:
    """One to three changes, of what `spoiled` understands of such a file."""
    return st.lists(st.one_of(CHANGES, JSON_CHANGES) if is_json else CHANGES, min_size=1, max_size=3)


def spoiled(data: bytes, changes: list[Change], *, is_json: bool) -> bytes:
    """``data`` after the changes; those of JSON values come first, while it still is JSON, or a line of it is."""
    values = [change for change in changes if change[0] in {"value", "drop", "key"}]
    if is_json and values:
        documents = _documents(data)
        for change in values:
            documents = _with_value(documents, change)
        lines = documents if isinstance(documents, list) else [documents]
        text = "".join(f"{json.dumps(document)}\n" for document in lines)
        data = text.replace(f'"{DEEP}"', "[" * 3000 + "]" * 3000).encode()
    for kind, where, what in changes:
        if kind not in {"value", "drop", "key"}:
            data = _with_bytes(data, kind, where, what)
    return data


def _documents(data: bytes) -> list[Any]:
    """The document of a JSON file, or those of a file that has one in each line."""
    try:
        return [json.loads(line) for line in data.splitlines()]
    except ValueError:
        return [json.loads(data)]


def _with_bytes(data: bytes, kind: str, where: float, what: Any) -> bytes:
    at = min(int(where * len(data)), max(len(data) - 1, 0))
    before, rest = data[:at], data[at:]
    if kind in {"number", "word"}:
        found = (NUMBER if kind == "number" else WORD).search(rest)
        return data if found is None else before + rest[: found.start()] + what.encode() + rest[found.end() :]
    changed = {
        "flip": lambda: bytes([rest[0] ^ (1 << what)]) + rest[1:] if rest else rest,
        "byte": lambda: bytes([what]) + rest[1:],
        "cut": lambda: rest[what:],
        "end": lambda: b"",
        "again": lambda: rest[:what] + rest,
        "insert": lambda: what.encode() + rest,
    }
    return before + changed[kind]()


def _with_value(document: Any, change: Change) -> Any:
    kind, where, what = change
    what = copy.deepcopy(what)  # a further change may lead into it
    places = list(_places(document, ()))
    path = places[min(int(where * len(places)), len(places) - 1)]
    if not path:
        return what if kind == "value" else document
    parent = document
    for part in path[:-1]:
        parent = parent[part]
    if kind == "value":
        parent[path[-1]] = what
    elif kind == "drop":
        del parent[path[-1]]
    elif isinstance(parent, dict):
        parent[what] = parent.pop(path[-1])
    return document


def _places(value: Any, path: tuple[Any, ...]) -> Any:
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _places(child, (*path, key))
