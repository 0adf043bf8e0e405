"""Feature extractors, by the name in ``model.backbone.name``; the table is `yolozu.contract.components.BACKBONES`."""

from yolozu.contract import components
from yolozu.registry import Registry

BACKBONES = Registry("backbone", components.BACKBONES)
