"""Files that a contract names and no stage makes: known by content, so that another content is another input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.weight_files import WEIGHTS, weight_files
from yolozu.data.files import IMAGE_SUFFIXES, files_below
from yolozu.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yolozu.artifacts.digest import DigestCache
    from yolozu.contract.loader import LoadedContract
    from yolozu.plan.staleness import Reason

SCHEMA_VERSION = 1


def given_predictions(loaded: LoadedContract, cache: DigestCache) -> dict[str, Any]:
    """Digest of the predictions file that `adapter: precomputed` serves; null where it serves none.

    Raises:
        InputError: YZ313, there is no such file.
    """
    predict = loaded.contract.predict
    if predict.adapter != "precomputed" or predict.predictions is None:
        return {"schema_version": SCHEMA_VERSION, "predictions": None}
    path = Path(predict.predictions)
    if not path.is_file():
        raise InputError.one(
            "YZ313",
            where=f"predictions: {path} ({loaded.origin_of('predictions')})",
            problem="there is no such file",
            fix="name the predictions file that adapter: precomputed serves, relative to the working directory",
        )
    return {"schema_version": SCHEMA_VERSION, "predictions": cache.file(path)}


def given_weights(loaded: LoadedContract, cache: DigestCache) -> dict[str, Any]:
    """Digests of the files that `init_from` stands for; null where training starts from the seed.

    Raises:
        InputError: YZ313, there is no such file, or a directory without weights.
    """
    named = loaded.contract.init.init_from
    if named is None:
        return {"schema_version": SCHEMA_VERSION, "files": None}
    path = Path(named)
    files = weight_files(path)
    if not files:
        raise InputError.one(
            "YZ313",
            where=f"init_from: {path} ({loaded.origin_of('init_from')})",
            problem=f"there is no {WEIGHTS} in this directory" if path.is_dir() else "there is no such file",
            fix="name the weights to start from, relative to the working directory, or drop init_from",
        )
    return {"schema_version": SCHEMA_VERSION, "files": {name: cache.file(file) for name, file in files.items()}}


def given_backgrounds(loaded: LoadedContract, cache: DigestCache) -> dict[str, Any]:
    """Digest over names and contents of the pictures that `paste_backgrounds` names; null where there are none.

    Raises:
        InputError: YZ313, there is no such directory, or one without pictures.
    """
    named = loaded.contract.augment.paste_backgrounds
    if named is None:
        return {"schema_version": SCHEMA_VERSION, "digest": None, "files": 0}
    path = Path(named)
    files = [f"{path}/{name}" for name in files_below(path, IMAGE_SUFFIXES)] if path.is_dir() else []
    if not files:
        raise InputError.one(
            "YZ313",
            where=f"paste_backgrounds: {path} ({loaded.origin_of('paste_backgrounds')})",
            problem="there is no picture in this directory" if path.is_dir() else "there is no such directory",
            fix="name a directory of pictures, relative to the working directory, or drop paste_backgrounds",
        )
    return {"schema_version": SCHEMA_VERSION, "digest": cache.tree(path, files), "files": len(files)}


def told_by_file(
    reasons: Iterable[Reason], written: str, named: str | None, key: str = "init_from"
) -> tuple[Reason, ...]:
    """``reasons`` as people know them: by the file itself, where the planner's note about it has changed.

    Args:
        reasons: why a stage runs.
        written: where the planner writes what it knows of the file.
        named: what the contract says under ``key``.
        key: that names the file or directory.
    """
    reasons = tuple(reasons)
    if any(reason.kind == "key" and reason.subject == key for reason in reasons):
        return tuple(reason for reason in reasons if reason.subject != written)
    return tuple(
        replace(reason, subject=named) if reason.subject == written and named is not None else reason
        for reason in reasons
    )
