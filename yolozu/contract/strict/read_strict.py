"""A file that a person writes -> a typed value, or everything that is wrong with it, line by line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from yolozu.contract.strict.slots import slot_below, slots_of
from yolozu.contract.strict.validate import SlotAt, check, nodes
from yolozu.contract.text.node import KeyPath, Node, Origin, Problem
from yolozu.contract.text.source import read_source
from yolozu.errors import ContractError, InputError
from yolozu.registry import nearest

AnyModel = TypeVar("AnyModel", bound=BaseModel)
_UNREADABLE = {"YZ101", "YZ113"}
_STRANGE = re.compile(r"[\x80-\x9f\ud800-\udfff\ufffe\uffff]")
"""What no text may hold, besides what JSON escapes."""


def read_strict(path: Path, model: type[AnyModel], *, code: str, fix: str) -> AnyModel:
    """The ``model`` in a YAML or JSON file.

    Args:
        path: the file; other programs may have written it, so it may be of any size, and JSON in any of its encodings.
        model: what it holds; its validators raise `Conflict` with every key that they look at.
        code: what every finding is reported under.
        fix: what to do about a file that is missing, unreadable, or holds no keys at all.

    Raises:
        InputError: everything that is wrong, sorted by line.
    """
    value = _quickly_read(path, model) if path.suffix.lower() == ".json" else None
    if value is not None:
        return value
    try:
        return typed(*read_source(path, of_others=True), model)
    except ContractError as error:
        raise InputError(
            replace(finding, code=code, fix=fix if finding.code in _UNREADABLE else finding.fix)
            for finding in error.findings
        ) from error


def typed(root: Node, problems: Iterable[Problem], model: type[AnyModel]) -> AnyModel:
    """The ``model`` that ``root`` means.

    Args:
        root: what was written; what is wrong is taken out of it.
        problems: what is known to be wrong already.
        model: as in `read_strict`.

    Raises:
        ContractError: everything that is wrong, sorted by line.
    """
    slot_at = partial(slot_below, model)
    unknown = _take_unknown(root, slot_at)
    value, found, _ = check(root, lambda plain: model.model_validate_json(json.dumps(plain), strict=True), slot_at)
    found = [*problems, *unknown, *found]
    if found:
        raise ContractError(problem.finding for problem in sorted(found))
    assert value is not None, "a value that is missing was reported"
    return value


def _take_unknown(root: Node, slot_at: SlotAt) -> list[Problem]:
    """Take unknown keys out, and report them."""
    problems: list[Problem] = []
    for path, node in [found for found in nodes(root) if isinstance(found[1].value, dict)]:
        slot = slot_at(path)
        section = None if slot is None else next((one.section for one in slot.options if one.section is not None), None)
        if section is None:
            continue
        known = list(slots_of(section))
        unknown = [key for key in node.value if key not in known]
        problems += [_unknown_key(node.value.pop(key).origin, (*path, key), known) for key in unknown]
    return problems


def _unknown_key(origin: Origin, path: KeyPath, known: list[str]) -> Problem:
    guess = nearest(str(path[-1]), known)
    fix = f"known here: {', '.join(known)}" if guess is None else f"did you mean {guess!r}?"
    return Problem.at(origin, path, "YZ102", "unknown key", fix)


def _quickly_read(path: Path, model: type[AnyModel]) -> AnyModel | None:
    """The ``model`` in a JSON file with which nothing is wrong; None for others, which only nodes with lines explain.

    Making nodes of a megabyte takes a second; this takes a fiftieth of it. A model with tuples never is read so: to
    pydantic, a list is none.
    """
    try:
        data = path.read_bytes()
        text = data.decode(json.detect_encoding(data))
        if "\\" in text or "\x7f" in text or (not text.isascii() and _STRANGE.search(text)):
            return None
        return model.model_validate(json.loads(text, object_pairs_hook=_plain_map), strict=True)
    except (OSError, ValueError, RecursionError):
        return None


def _plain_map(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The map.

    Raises:
        ValueError: a key stands twice in it, or a value equals a whole number without being one, which pydantic takes
            for a choice.
    """
    found = dict(pairs)
    if len(found) != len(pairs) or any(isinstance(value, bool | float) for value in found.values()):
        raise ValueError
    return found
