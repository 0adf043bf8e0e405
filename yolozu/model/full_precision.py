"""Computing in float32 inside mixed precision."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """No autocast on ``device`` within; devices without one (``meta``: tensors are shapes alone) will do."""
    known = torch.amp.is_autocast_available(device.type)
    return torch.autocast(device.type if known else "cpu", enabled=False)
