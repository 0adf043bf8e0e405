"""Predictions in other words: between the layouts, between box formats, to and from COCO results."""

from yolozu.artifacts.predictions.convert.coco_ids import CocoNumbers
from yolozu.artifacts.predictions.convert.converter import Conversion, convert_predictions

__all__ = ["CocoNumbers", "Conversion", "convert_predictions"]
