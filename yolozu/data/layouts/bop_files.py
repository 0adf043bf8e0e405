"""The files of BOP data sets, scene by scene. Free of numpy: planning lists files too.

A scene taken by several cameras has files and folders for each: ``scene_gt_cam1.json``, ``rgb_cam1``,
``mask_visib_cam1``. Here each camera is a scene of its own, in the same directory.

Source: https://github.com/thodan/bop_toolkit/blob/master/docs/bop_datasets_format.md, "BOP scenewise".
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from yolozu.artifacts.listing import Listing, files_among
from yolozu.data.layouts.files import IMAGE_SUFFIXES, listing_in, suffix_of
from yolozu.data.layouts.mesh_files import ModelFiles

CAMERA_NAME = "scene_camera.json"
POSES_NAME = "scene_gt.json"
INFO_NAME = "scene_gt_info.json"
MASKS_NAME = "mask_visib"
PICTURE_FOLDERS = ("rgb", "gray")
MODEL_FOLDERS = ("models_eval", "models", "models_cad", "models_reconst")
"""Meshes made for evaluation are preferred: they are even and small, and what BOP measures errors with."""

MM = 0.001

_CAMERA_FILE = re.compile(r"scene_camera(?:_([\w-]+))?\.json")
_NUMBER = re.compile(r"(\d{1,18})(?:\.0*)?", re.ASCII)
_MASK = re.compile(r"(\d+)_(\d+)\.png", re.ASCII)


@dataclass(frozen=True)
class BopScene:
    """A directory of images that one camera took of one scene.

    Attributes:
        directory: of the scene.
        pictures: folder of its images, color if there is one.
        camera: what its files end in, where there are several cameras; else empty.
    """

    directory: Path
    pictures: Path
    camera: str = ""

    @property
    def cameras_path(self) -> Path:
        """The camera of every image."""
        return self._named(CAMERA_NAME)

    @property
    def poses_path(self) -> Path:
        """The objects of every image."""
        return self._named(POSES_NAME)

    @property
    def info_path(self) -> Path:
        """What is visible of them."""
        return self._named(INFO_NAME)

    @property
    def masks(self) -> Path:
        """Folder of the visible pixels of every object."""
        return self._named(MASKS_NAME)

    @property
    def name(self) -> str:
        """What tells it from the other scenes of its split: ``000001``, ``000001_cam1``."""
        return f"{self.directory.name}_{self.camera}" if self.camera else self.directory.name

    def numbered(self) -> list[tuple[int, str]]:
        """Id and file of every image, in order; files that are not called by a number are none of BOP's."""
        numbered = ((name.partition(".")[0], name) for name in self._picture_names())
        return sorted((int(stem), f"{self.pictures}/{name}") for stem, name in numbered if stem.isdecimal())

    def images(self) -> dict[int, str]:
        """Id of every image -> its file, in order of id; of several with one number, the first in order of name."""
        found: dict[int, str] = {}
        for key, path in self.numbered():
            found.setdefault(key, path)
        return found

    def unnumbered(self) -> list[str]:
        """Pictures that are not called by a number."""
        return sorted(name for name in self._picture_names() if not name.partition(".")[0].isdecimal())

    def mask_names(self) -> dict[tuple[int, int], str]:
        """Image id and place of the object -> the name of its mask."""
        names = sorted(os.listdir(self.masks)) if self.masks.is_dir() else []  # noqa: PTH208 - a million names
        return {(int(found[1]), int(found[2])): name for name in names if (found := _MASK.fullmatch(name))}

    def listings(self) -> list[Listing]:
        """Every file the reader may look at: the scene's JSON files, images and masks."""
        described = (self.cameras_path, self.poses_path, self.info_path)
        masks = [listing_in(self.masks, lambda name: name.endswith(".png"))] if self.masks.is_dir() else []
        return [files_among(map(str, described)), listing_in(self.pictures, _is_numbered), *masks]

    def _named(self, name: str) -> Path:
        stem, dot, suffix = name.partition(".")
        return self.directory / (f"{stem}_{self.camera}{dot}{suffix}" if self.camera else name)

    def _picture_names(self) -> list[str]:
        names = os.listdir(self.pictures)  # noqa: PTH208 - a million names
        return [name for name in names if suffix_of(name) in IMAGE_SUFFIXES]


def _is_numbered(name: str) -> bool:
    return name.partition(".")[0].isdecimal() and suffix_of(name) in IMAGE_SUFFIXES


def image_id(key: str) -> int | None:
    """The image that a key of a scene's file means: ``12``, ``000012`` and ``12.0`` are 12; else None."""
    found = _NUMBER.fullmatch(key.strip())
    return None if found is None else int(found[1])


def scenes_of(directory: Path) -> list[BopScene]:
    """The scenes of a split, in order of name: folders with cameras and images, once for each camera."""
    return [scene for entry in sorted(directory.iterdir()) for scene in _scenes_in(entry)]


def left_out(directory: Path) -> list[str]:
    """What lies in a split like a scene and is none, and why, in order of name."""
    return [f"{entry.name} {why}" for entry in sorted(directory.iterdir()) if (why := _why_left_out(entry)) is not None]


def split_folders(root: Path) -> list[Path]:
    """Folders of ``root`` that are BOP splits: they hold folders with a ``scene_camera.json``, or one a camera."""
    folders = sorted(entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    return [folder for folder in folders if _has_scene(folder)]


def bop_models(root: Path) -> ModelFiles | None:
    """The meshes of a BOP data set, in mm; None where there are none."""
    found = next((root / name for name in MODEL_FOLDERS if (root / name).is_dir()), None)
    return None if found is None else ModelFiles(found, MM)


def _scenes_in(directory: Path) -> list[BopScene]:
    """The scenes of a folder; pictures that one camera has are no other's."""
    found: dict[Path, BopScene] = {}
    for camera in _cameras_in(directory):
        pictures = next((path for name in _picture_folders(camera) if (path := directory / name).is_dir()), None)
        if pictures is not None:
            found.setdefault(pictures, BopScene(directory, pictures, camera))
    return list(found.values())


def _cameras_in(directory: Path) -> list[str]:
    """What the files of its cameras end in; empty for the one of a scene that has no others."""
    if not directory.is_dir():
        return []
    files = (_CAMERA_FILE.fullmatch(name) for name in os.listdir(directory))  # noqa: PTH208 - many names
    return sorted(found[1] or "" for found in files if found is not None)


def _picture_folders(camera: str) -> tuple[str, ...]:
    """Where a camera's pictures may lie; a camera may also be called as their folder is: ``gray1``."""
    return (*(f"{name}_{camera}" for name in PICTURE_FOLDERS), camera) if camera else PICTURE_FOLDERS


def _why_left_out(directory: Path) -> str | None:
    cameras, scenes = _cameras_in(directory), _scenes_in(directory)
    if cameras and not scenes:
        return f"has cameras and no images ({' or '.join(_picture_folders(cameras[0]))})"
    without = [camera for camera in cameras if camera and camera not in {scene.camera for scene in scenes}]
    if without:
        return f"has no images of the camera {without[0]}"
    if not cameras and any((directory / name).exists() for name in (POSES_NAME, *PICTURE_FOLDERS)):
        return f"has no {CAMERA_NAME}"
    return None


def _has_scene(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        inside = [entry.path for entry in entries if entry.is_dir()]
    plain = any(os.path.isfile(f"{path}/{CAMERA_NAME}") for path in inside)  # noqa: PTH113 - many names
    return plain or any(_cameras_in(Path(path)) for path in inside)
