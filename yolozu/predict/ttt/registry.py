"""Test-time training, by the name in ``ttt_method``; the table is `yolozu.contract.components.TTT_METHODS`."""

from yolozu.contract import components
from yolozu.registry import Registry

TTT_METHODS = Registry("test-time training method", components.TTT_METHODS)
