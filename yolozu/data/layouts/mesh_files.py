"""Where the meshes of a data set are. Free of numpy: planning lists files too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

INFO_NAME = "models_info.json"
MESH_SUFFIXES = frozenset({".ply"})

_OBJECT = re.compile(r"(?:obj_)?(\d{1,18})(?:\.0*)?", re.ASCII)


@dataclass(frozen=True)
class ModelFiles:
    """A directory of meshes.

    Attributes:
        directory: holds the meshes and ``models_info.json``.
        metres: length of a unit: 1.0, or 0.001 where they are in mm.
    """

    directory: Path
    metres: float

    def paths(self) -> list[str]:
        """Every mesh, and ``models_info.json`` if there is one; sorted."""
        entries = sorted(self.directory.iterdir()) if self.directory.is_dir() else []
        return [str(path) for path in entries if path.suffix.lower() in MESH_SUFFIXES or path.name == INFO_NAME]

    def mesh_of(self, class_name: str, category_id: int) -> Path | None:
        """The mesh of a class, however its number is written (``obj_000007.ply``, ``obj_07.PLY``); None without one."""
        plain = (self.directory / name for name in mesh_names(class_name, category_id))
        found = next((path for path in plain if path.is_file()), None)
        return found if found is not None else self.meshes_by_id().get(category_id)

    def meshes_by_id(self) -> dict[int, Path]:
        """Object id -> its mesh, of those that are called by a number."""
        meshes = [Path(path) for path in self.paths() if Path(path).suffix.lower() in MESH_SUFFIXES]
        numbered = ((object_id(path.stem), path) for path in reversed(meshes) if path.stem.startswith("obj_"))
        return {key: path for key, path in numbered if key is not None}


def mesh_names(class_name: str, category_id: int) -> tuple[str, str]:
    """What the mesh of a class may be called: as BOP does, or as the class is."""
    return f"obj_{category_id:06d}.ply", f"{class_name}.ply"


def object_id(text: str) -> int | None:
    """The object that a key or the stem of a mesh means: ``12``, ``000012``, ``12.0`` and ``obj_000012`` are 12."""
    found = _OBJECT.fullmatch(text.strip())
    return None if found is None else int(found[1])
