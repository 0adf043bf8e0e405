"""Corruptions, by the name in ``corruption``; the table is `yolozu.contract.components.CORRUPTIONS`."""

from yolozu.contract import components
from yolozu.registry import Registry

CORRUPTIONS = Registry("corruption", components.CORRUPTIONS)
"""Each is a function of (H, W, 3) uint8 RGB, severity 1 to 5 and a generator, and gives (H, W, 3) uint8 RGB."""
