"""Which camera took a picture that is in no data set: the one given, that of its EXIF, or an assumed one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.camera_file import StatedCamera
from yolozu.errors import Finding
from yolozu.predict.pictures.picture import Picture

ASSUMED_FOV_DEG = math.degrees(2.0 * math.atan(0.5))
"""Field of view along a picture's longer side where nothing is known: the focal length is as long as that side."""

FAR_FROM_MIDDLE = 0.2
"""A principal point so many picture sides off the middle is more likely one of pictures of another size."""

Origin = Literal["given", "exif", "assumed"]


@dataclass(frozen=True)
class PictureCamera:
    """The camera of a picture.

    Attributes:
        K_4: (4,) fx, fy, cx, cy in px of the picture, pixel borders counted from 0.
        origin: how it is known.
    """

    K_4: NDArray[np.float64]
    origin: Origin


@dataclass(frozen=True)
class PictureCameras:
    """How the cameras of pictures are known.

    Attributes:
        given: one camera of all of them; None where none is given.
        where: what gives it.
        reads_exif: whether EXIF counts.
        assumed_fov_deg: field of view along the longer side of a picture whose EXIF does not tell; None assumes none.
    """

    given: StatedCamera | None = None
    where: str = "camera"
    reads_exif: bool = True
    assumed_fov_deg: float | None = None

    def describe(self) -> dict[str, Any]:
        """How they are known, as JSON values for the record."""
        if self.given is not None:
            return {"from": "given", "K": list(self.given.K)}
        return {"from": "exif", "otherwise_assumed_fov_deg": self.assumed_fov_deg}

    def of(self, picture: Picture, width: int, height: int) -> PictureCamera | Finding | None:
        """The camera of a picture; None where it is not known, or why the given one is that of others.

        Args:
            picture: the picture.
            width: of it, px.
            height: likewise.
        """
        if self.given is not None:
            wrong = self.misfit(width, height)
            return PictureCamera(np.array(self.given.K), "given") if wrong is None else wrong
        focal_px = picture.focal_px if self.reads_exif else None
        if focal_px is not None:
            return PictureCamera(_centered(focal_px, width, height), "exif")
        if self.assumed_fov_deg is None:
            return None
        focal_px = max(width, height) / 2.0 / math.tan(math.radians(self.assumed_fov_deg) / 2.0)
        return PictureCamera(_centered(focal_px, width, height), "assumed")

    def misfit(self, width: int, height: int) -> Finding | None:
        """Why the given camera did not take pictures of this size; None where it may have, or none is given."""
        given = self.given
        if given is None:
            return None
        fx, fy, cx, cy = given.K
        if given.size is not None:
            if given.size == (width, height):
                return None
            stated_width, stated_height = given.size
            problem = f"is the camera of pictures of {stated_width}x{stated_height} px, this one has {width}x{height}"
            scale_x, scale_y = width / stated_width, height / stated_height
            if abs(scale_x / scale_y - 1.0) > 0.01:
                return self._finding(problem, "predict pictures of its size, as the camera took them")
            scaled = ",".join(f"{value:.6g}" for value in (fx * scale_x, fy * scale_y, cx * scale_x, cy * scale_y))
            return self._finding(problem, f"if they are such pictures, resized, it is {scaled}")
        if max(abs(cx / width - 0.5), abs(cy / height - 0.5)) <= FAR_FROM_MIDDLE:
            return None
        off = f"has its principal point at {cx:g}, {cy:g}, far from the middle"
        fix = "give that for pictures of this size; of cropped ones in a file that states width and height"
        return self._finding(f"{off} of this picture of {width}x{height} px", fix)

    def _finding(self, problem: str, fix: str) -> Finding:
        return Finding("YZ645", self.where, problem, fix)


def _centered(focal_px: float, width: int, height: int) -> NDArray[np.float64]:
    return np.array([focal_px, focal_px, width / 2.0, height / 2.0])
