"""Files that say which camera took pictures: BOP's camera.json, calibrations of OpenCV and ROS, plain matrices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml.error import YAMLError

from yolozu.artifacts.jsonio import explain_read_error
from yolozu.artifacts.plain_yaml import PARSER_ERRORS, read_plain_yaml
from yolozu.geometry.pose_values import Numbers4, camera, number

SIZE_KEYS = (("width", "height"), ("image_width", "image_height"))
OF_BOP = "depth_scale"
"""What BOP's camera.json has and no other file."""

HALF_PIXEL = 0.5
"""BOP and OpenCV count px from the middle of the first one, which is (0.5, 0.5) here."""


@dataclass(frozen=True)
class StatedCamera:
    """A camera as a file or a person states it.

    Attributes:
        K: fx, fy, cx, cy in px, pixel borders counted from 0.
        size: width and height of its pictures, px; None where the file does not say.
    """

    K: Numbers4
    size: tuple[int, int] | None


def read_camera_file(path: Path) -> StatedCamera:
    """The camera in a JSON, YAML or text file.

    BOP's ``camera.json`` and OpenCV's ``camera_matrix`` count from the middle of the first px, as they are known to;
    other forms (``[fx, fy, cx, cy]``, ``{fx, fy, cx, cy}``, 3×3, nine numbers, in a text file also without brackets)
    from its border.

    Raises:
        ValueError: it cannot be read, or holds no camera without distortion.
    """
    value = _value_in(path)
    if isinstance(value, str):
        value = [float(word) for word in value.replace(",", " ").split()]
    if not isinstance(value, dict):
        return StatedCamera(camera(value), None)
    size = next((_size(value, keys) for keys in SIZE_KEYS if keys[0] in value), None)
    if "camera_matrix" in value:
        return StatedCamera(_from_middles(camera(value)), size)
    if "cam_K" in value:
        return StatedCamera(_from_middles(camera(value["cam_K"])), size)
    found = camera({key: value[key] for key in ("fx", "fy", "cx", "cy") if key in value})
    return StatedCamera(_from_middles(found) if OF_BOP in value else found, size)


def _value_in(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(explain_read_error(error)) from error
    lines = text.replace("!!opencv-matrix", "").splitlines()
    if lines and lines[0].startswith("%YAML"):  # OpenCV writes %YAML:1.0, which is no YAML
        lines = lines[1:]
    try:
        return read_plain_yaml("\n".join(lines))
    except (YAMLError, *PARSER_ERRORS) as error:
        raise ValueError(f"is neither JSON nor YAML: {' '.join(str(error).split())}") from error


def _size(value: dict[str, Any], keys: tuple[str, str]) -> tuple[int, int]:
    width, height = (number(value.get(key)) for key in keys)
    if min(width, height) < 1 or width % 1 or height % 1:
        raise ValueError(f"{keys[0]} and {keys[1]} are {width:g} and {height:g}, which no picture has")
    return int(width), int(height)


def _from_middles(K: Numbers4) -> Numbers4:
    fx, fy, cx, cy = K
    return fx, fy, cx + HALF_PIXEL, cy + HALF_PIXEL
