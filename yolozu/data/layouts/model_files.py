"""Where the meshes of a data set are. Free of numpy: planning lists files too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

INFO_NAME = "models_info.json"
MESH_SUFFIXES = frozenset({".ply"})


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


def mesh_names(class_name: str, category_id: int) -> tuple[str, str]:
    """What the mesh of a class may be called: as BOP does, or as the class is."""
    return f"obj_{category_id:06d}.ply", f"{class_name}.ply"
