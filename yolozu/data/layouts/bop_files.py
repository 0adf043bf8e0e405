"""The files of BOP data sets, scene by scene. Free of numpy: planning lists files too.

Source: https://github.com/thodan/bop_toolkit/blob/master/docs/bop_datasets_format.md, "BOP scenewise".
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from yolozu.data.layouts.files import IMAGE_SUFFIXES
from yolozu.data.layouts.model_files import ModelFiles

CAMERA_NAME = "scene_camera.json"
POSES_NAME = "scene_gt.json"
INFO_NAME = "scene_gt_info.json"
MASKS_NAME = "mask_visib"
PICTURE_FOLDERS = ("rgb", "gray")
MODEL_FOLDERS = ("models_eval", "models")
"""Meshes made for evaluation are preferred: they are even and small, and what BOP measures errors with."""

MM = 0.001


@dataclass(frozen=True)
class Scene:
    """A directory of images taken of one scene.

    Attributes:
        directory: of the scene.
        pictures: folder of its images, color if there is one.
    """

    directory: Path
    pictures: Path

    @property
    def masks(self) -> Path:
        """Folder of the visible pixels of every object."""
        return self.directory / MASKS_NAME

    def images(self) -> dict[int, str]:
        """Id of every image -> its file, in order of id; files that are not called by a number are none of BOP's."""
        names = (entry for entry in os.listdir(self.pictures) if Path(entry).suffix.lower() in IMAGE_SUFFIXES)  # noqa: PTH208
        numbered = ((name.partition(".")[0], name) for name in names)
        return dict(sorted((int(stem), f"{self.pictures}/{name}") for stem, name in numbered if stem.isdecimal()))

    def files(self) -> list[str]:
        """Every file the reader may look at: images, masks and the scene's JSON files."""
        described = [self.directory / name for name in (CAMERA_NAME, POSES_NAME, INFO_NAME)]
        masks = sorted(os.listdir(self.masks)) if self.masks.is_dir() else []  # noqa: PTH208 - a million names
        return [
            *(str(path) for path in described if path.is_file()),
            *self.images().values(),
            *(f"{self.masks}/{name}" for name in masks if name.endswith(".png")),
        ]


def scenes_of(directory: Path) -> list[Scene]:
    """The scenes of a split, in order of name: folders with cameras and images."""
    found = []
    for entry in sorted(directory.iterdir()):
        if (entry / CAMERA_NAME).is_file():
            pictures = next((entry / name for name in PICTURE_FOLDERS if (entry / name).is_dir()), None)
            if pictures is not None:
                found.append(Scene(entry, pictures))
    return found


def split_folders(root: Path) -> list[Path]:
    """Folders of ``root`` that are BOP splits: they hold folders with a ``scene_camera.json``."""
    folders = sorted(entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    return [folder for folder in folders if _has_scene(folder)]


def bop_models(root: Path) -> ModelFiles | None:
    """The meshes of a BOP data set, in mm; None where there are none."""
    found = next((root / name for name in MODEL_FOLDERS if (root / name).is_dir()), None)
    return None if found is None else ModelFiles(found, MM)


def _has_scene(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return any(os.path.isfile(f"{entry.path}/{CAMERA_NAME}") for entry in entries)  # noqa: PTH113 - many names
