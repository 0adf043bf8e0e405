"""A contract file -> its text -> nodes with lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from json import detect_encoding
from pathlib import Path

from yolozu.contract.text.json import read_json_text
from yolozu.contract.text.node import Node, Origin, Problem
from yolozu.contract.text.yaml import read_yaml_text
from yolozu.errors import ContractError

READERS: dict[str, Callable[[str, str], tuple[Node, list[Problem]]]] = {
    ".yaml": read_yaml_text,
    ".yml": read_yaml_text,
    ".json": read_json_text,
}
MAX_BYTES = 1 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WRITTEN_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_source(path: Path, *, of_others: bool = False) -> tuple[Node, list[Problem]]:
    """The map a YAML or JSON file holds, and what is wrong with its writing.

    Args:
        path: the file.
        of_others: whether other programs write such files, too: of any size, and JSON in any of its encodings.

    Raises:
        ContractError: there is nothing to go on with: no such file, no text, broken syntax, no map.
    """
    file = str(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise _unreadable(file, f"is not named as YAML or JSON, got {path.suffix!r}", "name it .yaml, .yml or .json")
    data = _bytes(path, file, limit=None if of_others else MAX_BYTES)
    encoding = detect_encoding(data) if of_others and reader is read_json_text else "utf-8"
    return reader(_text(data, file, encoding), file)


def read_text(path: Path) -> str:
    """The text of a contract file, line ends as they are.

    Raises:
        ContractError: as `read_source`.
    """
    return _text(_bytes(path, str(path), limit=MAX_BYTES), str(path), "utf-8")


def _text(data: bytes, file: str, encoding: str) -> str:
    if encoding == "utf-8" and data.startswith(_BYTE_ORDER_MARK):
        raise _unreadable(file, "starts with a byte order mark", "save it as UTF-8 without BOM")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        kind = "UTF-16" if data.startswith(_WRITTEN_UTF16) else f"byte 0x{data[error.start]:02x}"
        where = file if kind == "UTF-16" else f"{file}:{line}"
        raise _unreadable(where, f"is no UTF-8 text ({kind})", "save it as UTF-8") from error
    strange = _CONTROL.search(text)
    if strange is not None:
        line = text.count("\n", 0, strange.start()) + 1
        raise _unreadable(
            f"{file}:{line}", f"holds the control character U+{ord(strange.group()):04X}", "remove that character"
        )
    return text


def _bytes(path: Path, file: str, limit: int | None) -> bytes:
    try:
        if path.is_dir():
            raise _unreadable(file, "is a directory", f"name a file in it, such as {path / 'contract.yaml'}")
        if limit is not None and path.exists() and path.stat().st_size > limit:
            raise _unreadable(file, f"is larger than {limit >> 20} MiB", "is this a contract?")
        with path.open("rb") as opened:
            return opened.read(limit)
    except FileNotFoundError as error:
        if path.is_symlink():
            raise _unreadable(file, f"links to {path.readlink()}, which is not there", "mend the link") from error
        raise _unreadable(file, "no such file", _files_nearby(path)) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _unreadable(file, f"cannot be read: {reason}", "check the path and its permissions") from error


def _files_nearby(path: Path) -> str:
    from yolozu.registry import nearest

    if not path.parent.is_dir():
        return f"there is no directory {str(path.parent)!r} either"
    beside = {entry.stem: entry for suffix in READERS for entry in path.parent.glob(f"*{suffix}")}
    guess = nearest(path.stem, list(beside))
    return f"did you mean {str(beside[guess])!r}?" if guess is not None else "check the path"


def _unreadable(where: str, problem: str, fix: str) -> ContractError:
    origin = Origin(0, where, 0, where)
    return ContractError([Problem.at(origin, (), "YZ101", problem, fix).finding])
