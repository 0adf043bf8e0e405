"""Optimizers by the name that a contract gives them."""

from yolozu.contract import components
from yolozu.registry import Registry

OPTIMIZERS = Registry("optimizer", components.OPTIMIZERS)
