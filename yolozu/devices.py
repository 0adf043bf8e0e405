"""Whether this machine has a device, told without importing torch: before hours of work, not after them."""

from __future__ import annotations

import ctypes
import re
import sys
from importlib.util import find_spec
from pathlib import Path

from yolozu.errors import UsageError, YolozuError

DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
"""NVIDIA's driver as a library; it comes with the driver, not with CUDA or torch."""


def check_device(name: str) -> None:
    """Refuse a device that this machine, or the installed torch, certainly does not have.

    Args:
        name: ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        UsageError: YZ501.
    """
    kind, _, number = name.partition(":")
    count = None if kind == "cpu" else cuda_devices()
    if count is not None and int(number or 0) >= count:
        raise no_such_device(name, count=count, torch_version=torch_build().get("__version__", "(not installed)"))


def cuda_devices() -> int | None:
    """How many CUDA devices the installed torch can use here, as ``CUDA_VISIBLE_DEVICES`` leaves them.

    Returns:
        None where only torch itself can tell: it is built for other devices that go by that name (ROCm).
    """
    build = torch_build()
    if build.get("hip", "None") != "None":
        return None
    return 0 if build.get("cuda", "None") == "None" else _counted_by_driver()


def torch_build() -> dict[str, str]:
    """What the installed torch was built for, as its own ``version.py`` says: ``__version__``, ``cuda``, ``hip``."""
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return {}
    text = Path(spec.origin).with_name("version.py").read_text(encoding="utf-8")
    return {name: value.strip("'\"") for name, value in re.findall(r"^(\w+)(?:: [^=]+)? = (.+)$", text, re.MULTILINE)}


def no_such_device(name: str, *, count: int, torch_version: str) -> YolozuError:
    """The refusal of a device: YZ501.

    Args:
        name: ``cuda`` or ``cuda:N``.
        count: CUDA devices that there are.
        torch_version: of the installed torch.
    """
    has = f"{count} CUDA device{'s' if count != 1 else ''}" if count else "no CUDA device"
    return UsageError.one(
        "YZ501",
        where=f"device: {name}",
        problem=f"this machine has {has} that torch {torch_version} can use",
        fix="set device: cpu" + (f", or one of cuda:0 to cuda:{count - 1}" if count else ""),
    )


def _counted_by_driver() -> int:
    """Devices that NVIDIA's driver counts; 0 without a driver, or where it finds nothing to drive."""
    try:
        driver = ctypes.CDLL(DRIVER)
    except OSError:
        return 0
    count = ctypes.c_int(0)
    works = driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
    return count.value if works else 0
