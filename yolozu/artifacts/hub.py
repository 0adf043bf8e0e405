"""Published weights on this machine: in the cache of Hugging Face, or fetched into it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.weight_files import CONFIG, WEIGHTS
from yolozu.errors import InputError, YolozuError

if TYPE_CHECKING:
    from collections.abc import Callable

    from yolozu.artifacts.published_weights import PublishedWeights

EXTRA = "pip install 'yolozu[hub]'"


def cached_weights(entry: PublishedWeights) -> Path:
    """The directory with the weights and their configuration; nothing is fetched.

    Raises:
        InputError: YZ457, they are not here, or the package that knows where is not.
    """
    return _directory(entry, local_files_only=True)


def is_cached(entry: PublishedWeights) -> bool:
    """Whether the weights are here."""
    try:
        cached_weights(entry)
    except InputError:
        return False
    return True


def fetch_weights(entry: PublishedWeights, say: Callable[[str], None]) -> Path:
    """The directory with the weights and their configuration, fetched where they are not here.

    A fetch that was cut goes on where it was. What the package shows on its way goes to standard error.

    Raises:
        InputError: YZ457, they cannot be fetched; YZ458, they are others than were published.
    """
    if not is_cached(entry):
        say(f"fetching {entry.name} ({entry.size_mb:g} MB) from {entry.repository}")
    directory = _directory(entry)
    require_published(entry, digest_file(directory / WEIGHTS), directory)
    return directory


def require_published(entry: PublishedWeights, digest: str, directory: Path) -> None:
    """Refuse weights with another digest than the published one, where that is known.

    Raises:
        InputError: YZ458.
    """
    if entry.sha256 not in (None, digest):
        raise InputError.one(
            "YZ458",
            where=str(directory / WEIGHTS),
            problem=f"is not what was published as {entry.name}: sha256 {digest}, not {entry.sha256}",
            fix="delete the file, and the one that it links to: it is then fetched again",
        )


def _directory(entry: PublishedWeights, **options: Any) -> Path:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # it tells which libraries are installed
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError
    except ImportError as error:
        raise _not_here(entry, "needs the package huggingface_hub, which is not installed", EXTRA) from error
    try:
        for name in (CONFIG, WEIGHTS):
            path = hf_hub_download(entry.repository, name, revision=entry.revision, **options)
    except (OSError, ValueError, EntryNotFoundError, HfHubHTTPError) as error:
        if options:
            raise _not_here(entry, "has not been fetched yet", f"yolozu weights get {entry.name}") from error
        problem = f"cannot be fetched: {_root_cause(error)}"
        raise _not_here(entry, problem, "repeat it where there is a connection") from error
    return Path(path).parent


def _root_cause(error: BaseException) -> str:
    """What went wrong underneath: the package itself only says that it did."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _not_here(entry: PublishedWeights, problem: str, command: str) -> YolozuError:
    weights, config = entry.addresses
    place = f"weights/{entry.name}"
    return InputError.one(
        "YZ457",
        where=entry.name,
        problem=problem,
        fix=f"{command}; or get {weights} and {config} elsewhere, put both into {place}/, and set init_from: {place}",
    )
