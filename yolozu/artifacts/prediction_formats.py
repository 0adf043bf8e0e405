"""How predictions are spelled: the layouts of a file, and the formats of a box."""

from typing import Literal

BoxFormat = Literal["cxcywh_norm", "cxcywh_abs", "xywh_abs", "xyxy_abs"]
"""How a box is written: ``norm`` relative to the original image's sides, ``abs`` in its pixels."""

PredictionsLayout = Literal["wrapped", "list", "map", "coco"]
"""What predictions can be written as; ``coco`` is the list of detections that COCO tools read."""
