"""The device a name stands for on this machine."""

from __future__ import annotations

import torch

from yolozu.devices import no_such_device
from yolozu.system import compute_threads


def device_named(name: str) -> torch.device:
    """The torch device called ``name``: ``cpu``, ``cuda`` or ``cuda:N``.

    From now on torch computes on no more threads than this process may use cores: by itself it counts those of the
    machine, whatever a container grants.

    Raises:
        UsageError: YZ501, this machine has no such device.
    """
    device = torch.device(name)
    if device.type == "cuda":
        count = torch.cuda.device_count()
        index = 0 if device.index is None else device.index
        if index >= count:
            raise no_such_device(name, count=count, torch_version=torch.__version__)
    if torch.get_num_threads() > compute_threads():
        torch.set_num_threads(compute_threads())
    return device
