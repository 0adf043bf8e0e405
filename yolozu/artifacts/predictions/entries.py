"""One entry of a predictions file without its detections: which image, how large, seen by which camera."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.predictions.fields import (
    NumberField,
    brief,
    extra_findings,
    field_findings,
    kind_of,
    repeated_keys,
)
from yolozu.artifacts.predictions.findings import member
from yolozu.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.artifacts.predictions.container import Entry
    from yolozu.artifacts.predictions.image_names import KnownImages

ENTRY_KEYS = ("image", "image_size", "intrinsics", "detections")
LARGEST_SIDE = 2**31 - 1

SIDES = (
    NumberField("width", (), "Width of the original image, px.", 1, LARGEST_SIDE, integer=True),
    NumberField("height", (), "Height of the original image, px.", 1, LARGEST_SIDE, integer=True),
)
_NO_PATH = re.compile("[\0\ud800-\udfff]")
NAME_IMAGE = "name the image by its path relative to the data set's root"
CAMERA = ("fx", "fy", "cx", "cy")


@dataclass(frozen=True)
class Head:
    """An entry's own words, as far as they can be used.

    Attributes:
        image: the image it means: its path in the data set where that is known, otherwise the name as written.
        size: (width, height) in px, from the file or else from the data set; None where neither says.
        detections: the values to check.
        where: JSON path of the entry.
        value: the whole entry as it stands in the file.
    """

    image: str
    size: tuple[int, int] | None
    detections: list[Any]
    where: str
    value: dict[str, Any]


def read_entry(entry: Entry, known: KnownImages | None, *, in_pixels: bool) -> tuple[Head | None, list[Finding]]:
    """What an entry says, and what is wrong with it; no head when its detections cannot be reached.

    Args:
        entry: the value that stands in the file.
        known: the data set's images, where one is given.
        in_pixels: whether boxes need the image size.
    """
    value = entry.value
    if not isinstance(value, dict):
        fix = "write one object per image, with image and detections"
        return None, [Finding("YZ702", entry.where, f"{kind_of(value)} where an image's predictions should be", fix)]
    findings = list(repeated_keys(value, entry.where))
    image, index = _image(value, entry.image_where, known, findings)
    size = _size(value, f"{entry.where}.image_size", findings)
    findings += _intrinsics(value, entry.where)
    for key in (key for key in value if key not in ENTRY_KEYS):
        findings += extra_findings(value[key], member(entry.where, key))
    if known is not None and index is not None:
        findings += _disagreement(size, known.sizes[index], entry.where, in_pixels=in_pixels)
        size = known.sizes[index]
    if in_pixels and size is None:
        fix = "write image_size {width, height}, or give the data set with --dataset"
        findings.append(Finding("YZ717", entry.where, "boxes in px, but the image's size is not known", fix))
    detections = _detections(value, entry.detections_where, findings)
    return None if detections is None else Head(image, size, detections, entry.where, value), findings


def _image(
    value: dict[str, Any], where: str, known: KnownImages | None, findings: list[Finding]
) -> tuple[str, int | None]:
    """The image that an entry means, and its place in the data set; an empty name where there is none."""
    image = value.get("image")
    if "image" not in value:
        findings.append(Finding("YZ703", where, "missing", NAME_IMAGE))
    elif not isinstance(image, str):
        findings.append(Finding("YZ707", where, f"{kind_of(image)}, not an image's path", NAME_IMAGE))
    elif not image or _NO_PATH.search(image):
        findings.append(Finding("YZ709", where, f"{brief(image)} cannot be a path", NAME_IMAGE))
    else:
        return (image, None) if known is None else _known_image(image, where, known, findings)
    return "", None


def _known_image(image: str, where: str, known: KnownImages, findings: list[Finding]) -> tuple[str, int | None]:
    matches = known.names.find(image)
    if len(matches) == 1:
        return known.images[matches[0]], matches[0]
    if matches:
        meant = ", ".join(known.images[index] for index in matches[:3])
        problem, fix = f"{brief(image)} may mean {len(matches)} images: {meant}", NAME_IMAGE
    else:
        guess = known.names.nearest(image)
        problem = f"the data set's split has no image {brief(image)}"
        fix = f"did you mean {guess!r}? Otherwise check split and root" if guess else "check split and root"
    findings.append(Finding("YZ714", where, problem, fix))
    return image, None


def _size(value: dict[str, Any], where: str, findings: list[Finding]) -> tuple[int, int] | None:
    if "image_size" not in value:
        return None
    size, fix = value["image_size"], "write {width, height} in px"
    if not isinstance(size, dict):
        findings.append(Finding("YZ707", where, f"{kind_of(size)}, not an object", fix))
        return None
    found = list(repeated_keys(size, where))
    known = {side.name for side in SIDES}
    for key in (key for key in size if key not in known):
        found += extra_findings(size[key], member(where, key))
    for side in SIDES:
        if side.name not in size:
            found.append(Finding("YZ703", f"{where}.{side.name}", "missing", fix))
        else:
            found += field_findings(size[side.name], f"{where}.{side.name}", side)
    findings += found
    return None if found else (size["width"], size["height"])


def _disagreement(
    size: tuple[int, int] | None, known: tuple[int, int], where: str, *, in_pixels: bool
) -> Iterator[Finding]:
    if size is not None and size != known:
        problem = (
            f"{size[0]} x {size[1]} px, but the data set's image has {known[0]} x {known[1]} (after EXIF orientation)"
        )
        fix = "predict on the upright original image, and write its size"
        yield Finding("YZ717", f"{where}.image_size", problem, fix, "error" if in_pixels else "warning")


def _intrinsics(value: dict[str, Any], where: str) -> Iterator[Finding]:
    """Camera as {fx, fy, cx, cy}, 3x3 rows, flat 9, or OpenCV's {camera_matrix: {data}}."""
    if "intrinsics" not in value:
        return
    camera = value["intrinsics"]
    where = f"{where}.intrinsics"
    yield from _unread_of_camera(camera, where, (*CAMERA, "camera_matrix"))
    if isinstance(camera, dict) and "camera_matrix" in camera:
        where, camera = f"{where}.camera_matrix", camera["camera_matrix"]
        yield from _unread_of_camera(camera, where, (*CAMERA, "data"))
        if isinstance(camera, dict) and "data" in camera:
            where, camera = f"{where}.data", camera["data"]
    numbers = list(_camera_numbers(camera, where))
    if len(numbers) not in {4, 9}:
        fix = "write {fx, fy, cx, cy} in px, or the 3x3 matrix as rows or flat"
        yield Finding("YZ710", where, f"{kind_of(camera)} with {len(numbers)} of a camera's numbers", fix)
        return
    focal = (0, 1) if len(numbers) == 4 else (0, 4)
    for index, (place, number) in enumerate(numbers):
        findings = list(field_findings(number, place, NumberField("intrinsics", (), "")))
        yield from findings
        if not findings and index in focal and number <= 0:
            yield Finding("YZ709", place, f"{brief(number)} is no focal length", "write fx and fy in px, above 0")


def _unread_of_camera(camera: Any, where: str, read: tuple[str, ...]) -> Iterator[Finding]:
    if isinstance(camera, dict):
        yield from repeated_keys(camera, where)
        for key in (key for key in camera if key not in read):
            yield from extra_findings(camera[key], member(where, key))


def _camera_numbers(camera: Any, where: str) -> Iterator[tuple[str, Any]]:
    if isinstance(camera, dict):
        for key in CAMERA:
            if key in camera:
                yield f"{where}.{key}", camera[key]
    elif isinstance(camera, list):
        for index, item in enumerate(camera[:10]):
            if isinstance(item, list):
                yield from ((f"{where}[{index}][{column}]", number) for column, number in enumerate(item[:4]))
            else:
                yield f"{where}[{index}]", item


def _detections(value: dict[str, Any], where: str, findings: list[Finding]) -> list[Any] | None:
    detections = value.get("detections")
    if isinstance(detections, list):
        return detections
    if "detections" not in value:
        findings.append(Finding("YZ703", where, "missing", "write an empty list where nothing was found"))
    else:
        fix = "write a list of detections, empty where nothing was found"
        findings.append(Finding("YZ707", where, f"{kind_of(detections)}, not a list", fix))
    return None
