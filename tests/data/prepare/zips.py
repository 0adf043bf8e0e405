"""Zip files, proper and otherwise."""

from __future__ import annotations

import io
import stat
import zipfile

from PIL import Image


def zip_of(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def picture(seed: int = 0) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (32, 24), (seed, 2 * seed, 3 * seed)).save(target, "PNG")
    return target.getvalue()


def data_set(count: int = 3) -> dict[str, bytes]:
    """Members of a small data set as it is published."""
    images = {f"coco128/images/train2017/{n}.png": picture(n) for n in range(count)}
    labels = {f"coco128/labels/train2017/{n}.txt": b"79 0.5 0.5 0.5 0.5\n" for n in range(count - 1)}
    return {**images, **labels, "coco128/LICENSE": b"terms\n", "__MACOSX/x": b"", "coco128/.DS_Store": b""}


def link(name: str, target: str) -> bytes:
    """A zip with a symbolic link."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(info, target)
    return content.getvalue()
