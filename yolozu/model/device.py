"""The device a name stands for on this machine."""

from __future__ import annotations

import torch

from yolozu.errors import UsageError


def device_named(name: str) -> torch.device:
    """The torch device called ``name``: ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        UsageError: YZ501, this machine has no such device.
    """
    device = torch.device(name)
    if device.type == "cuda":
        count = torch.cuda.device_count()
        index = 0 if device.index is None else device.index
        if index >= count:
            has = f"{count} CUDA device{'s' if count != 1 else ''}" if count else "no CUDA device"
            raise UsageError.one(
                "YZ501",
                where=f"device: {name}",
                problem=f"this machine has {has} that torch {torch.__version__} can use",
                fix="set device: cpu" + (f", or one of cuda:0 to cuda:{count - 1}" if count else ""),
            )
    return device
