"""Published weights as commands name them: all of them, one of them, and the contract that fits it."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.published_weights import LICENSE, PUBLISHED_WEIGHTS, SPELLINGS, PublishedWeights
from yolozu.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def weights_named(name: str, where: str) -> PublishedWeights:
    """The weights that ``name`` means.

    Raises:
        UsageError: YZ459, none are called so; the nearest name is told.
    """
    if name not in SPELLINGS:
        near = get_close_matches(name, SPELLINGS, n=1)
        guess = f"did you mean {near[0]}? " if near else ""
        fix = f"{guess}`yolozu weights` lists all names"
        raise UsageError.one("YZ459", where=where, problem="no published weights are called so", fix=fix)
    return SPELLINGS[name]


def weight_rows() -> list[dict[str, Any]]:
    """Of each: name, size_mb, trained_on, contract, repository, revision, sha256, license, addresses, here.

    ``here`` is None where the package that knows is not installed.
    """
    from yolozu.artifacts.hub import is_cached

    known = find_spec("huggingface_hub") is not None
    return [
        {
            "name": entry.name,
            "size_mb": entry.size_mb,
            "trained_on": entry.trained_on,
            "contract": entry.contract,
            "repository": entry.repository,
            "revision": entry.revision,
            "sha256": entry.sha256,
            "license": LICENSE,
            "addresses": list(entry.addresses),
            "here": is_cached(entry) if known else None,
        }
        for entry in PUBLISHED_WEIGHTS
    ]


def get_weights(name: str, say: Callable[[str], None]) -> Path:
    """The directory of the weights called ``name``, fetched where they are not here.

    Raises:
        UsageError: YZ459, none are called so.
        InputError: YZ457 or YZ458, they cannot be had.
    """
    from yolozu.artifacts.hub import fetch_weights

    return fetch_weights(weights_named(name, f"weights get {name}"), say)
