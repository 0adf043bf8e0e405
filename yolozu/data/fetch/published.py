"""Published data sets, fetched, compared with a known digest, unpacked and described."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.artifacts.atomic_files import atomic_directory, explaining_write_errors, is_taken
from yolozu.artifacts.coco_classes import COCO_CLASSES
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.jsonio import pretty, read_json, write_text
from yolozu.data.fetch.archive import unpack
from yolozu.data.fetch.download import NotFetched, PartialFile, download
from yolozu.data.layouts.descriptor import SplitEntry
from yolozu.data.prepare.extending import extended, write_descriptor
from yolozu.errors import Finding, InputError, UsageError
from yolozu.progress import Progress
from yolozu.structures.classes import ClassTable

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Published:
    """A data set that others publish as a zip in YOLO layout.

    Attributes:
        urls: where it can be had, tried in order.
        classes: what its labels' indices mean; the zip does not say.
    """

    urls: tuple[str, ...]
    classes: ClassTable


PUBLISHED = {
    "coco128": Published(
        (
            "https://github.com/ultralytics/assets/releases/download/v0.0.0/coco128.zip",
            "https://github.com/ultralytics/yolov5/releases/download/v1.0/coco128.zip",
        ),
        COCO_CLASSES,
    ),
}
"""Data set by name. No publisher states a digest of these files, so that none is built in."""


@dataclass(frozen=True)
class FetchPlan:
    """What is fetched, and where to.

    Attributes:
        name: of `PUBLISHED`.
        out: directory of the data set.
        urls: where it is looked for.
        sha256: digest (hex) that the zip must have; None where the lock file or the first use decides.
        archive: a zip that is at hand; nothing is downloaded then.
    """

    name: str
    out: Path
    urls: tuple[str, ...]
    sha256: str | None = None
    archive: Path | None = None

    @property
    def lock_path(self) -> Path:
        """Beside the data set, so that it outlives it: the digest of the zip that it came from."""
        return self.out.with_name(f"{self.out.name}.lock.json")

    @property
    def part(self) -> PartialFile:
        """The zip while it is fetched."""
        return PartialFile(self.out.with_name(f"{self.out.name}.zip.part"))


@dataclass(frozen=True)
class Fetched:
    """What was done.

    Attributes:
        sha256: digest of the zip.
        compared_with: ``--sha256``, the lock file, or None where there was nothing to compare with.
        splits: names of the splits; empty where the data set was there already.
    """

    sha256: str
    compared_with: str | None
    splits: tuple[str, ...]


def fetch(plan: FetchPlan, progress: Progress) -> Fetched:
    """Fetch a data set and unpack it, whole or not at all; one that is there already is left as it is.

    Raises:
        InputError: YZ265 no address gave the file, YZ266 it has another digest, YZ267 it is no such archive, YZ268 the
            lock file cannot be read.
        UsageError: YZ266 ``--sha256`` contradicts the lock file, YZ314 nothing can be written, YZ905 something else is
            at ``out``.
    """
    locked = _locked(plan)
    if is_taken(plan.out):
        if locked is None:
            raise UsageError.one(
                "YZ905",
                where=str(plan.out),
                problem=f"is there already, and {plan.lock_path} does not say where from",
                fix="move it away, or name another --out",
            )
        return Fetched(locked, str(plan.lock_path), ())
    expected = plan.sha256 if locked is None else locked
    with explaining_write_errors(plan.out):
        if plan.archive is None:
            digest, origin, splits = _from_addresses(plan, expected, progress)
        else:
            digest, splits = _installed(plan, plan.archive, expected, progress)
            origin = str(plan.archive)
        if locked is None:
            lock = {"schema_version": SCHEMA_VERSION, "name": plan.name, "sha256": digest, "origin": origin}
            write_text(plan.lock_path, pretty(lock))
        plan.part.remove()
    given = None if plan.sha256 is None else "--sha256"
    return Fetched(digest, given if locked is None else str(plan.lock_path), splits)


def _locked(plan: FetchPlan) -> str | None:
    """The digest in the lock file, None where there is no such file."""
    path = plan.lock_path
    if not path.is_file():
        return None
    fix = "delete it; the next fetch then takes what it gets, or what --sha256 says"
    value: Any = read_json(path, code="YZ268", fix=fix)
    digest = value.get("sha256") if isinstance(value, dict) else None
    if not isinstance(digest, str):
        raise InputError.one("YZ268", where=str(path), problem="states no sha256", fix=fix)
    if plan.sha256 is not None and plan.sha256 != digest:
        raise UsageError.one(
            "YZ266",
            where=str(path),
            problem=f"says {digest}, --sha256 says {plan.sha256}",
            fix="leave --sha256 away, or delete the file (and the data set) if the new one is meant",
        )
    return digest


def _from_addresses(plan: FetchPlan, expected: str | None, progress: Progress) -> tuple[str, str, tuple[str, ...]]:
    """Digest and address of the zip that was unpacked, and its splits.

    Raises:
        InputError: no address gave it; each says why.
    """
    findings = []
    for url in _begun_first(plan.urls, plan.part):
        try:
            download(url, plan.part, progress)
            digest, splits = _installed(plan, plan.part.path, expected, progress)
        except NotFetched as error:
            findings.append(Finding("YZ265", url, str(error), _by_hand(plan)))
        except InputError as error:
            findings += [Finding(found.code, url, found.problem, _by_hand(plan)) for found in error.findings]
            plan.part.remove()
        else:
            return digest, url, splits
    raise InputError(findings)


def _begun_first(urls: Sequence[str], part: PartialFile) -> list[str]:
    origin, _ = part.origin()
    return sorted(urls, key=lambda url: url != origin)


def _by_hand(plan: FetchPlan) -> str:
    command = f"yolozu data fetch {plan.name} --out {plan.out}"
    return f"repeat to go on, or get the zip elsewhere and: {command} --from FILE"


def _installed(plan: FetchPlan, archive: Path, expected: str | None, progress: Progress) -> tuple[str, tuple[str, ...]]:
    """The archive's digest and splits, once it is unpacked and described.

    Raises:
        InputError: YZ266 it has not the expected digest, YZ267 it is no zip of such a data set.
    """
    if not zipfile.is_zipfile(archive):
        raise InputError.one("YZ267", where=str(archive), problem="is no zip", fix="name the zip")
    digest = digest_file(archive)
    if expected is not None and digest != expected:
        raise InputError.one(
            "YZ266",
            where=str(archive),
            problem=f"has SHA-256 {digest}, expected was {expected}",
            fix="fetch it again, or from somewhere else; it was not used",
        )
    with atomic_directory(plan.out) as aside:
        unpack(archive, aside, progress)
        names = sorted(path.name for path in (aside / "images").glob("*") if path.is_dir())
        if not names:
            raise InputError.one(
                "YZ267", where=str(archive), problem="holds no images/<split>/", fix=f"is it the zip of {plan.name}?"
            )
        for name in names:
            entry = SplitEntry(images_dir=f"images/{name}", labels_dir=f"labels/{name}")
            write_descriptor(aside, extended(aside, name, entry, PUBLISHED[plan.name].classes))
    return digest, tuple(names)
