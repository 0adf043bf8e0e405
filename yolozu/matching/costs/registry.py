"""Costs of giving an object to a query; ``cost_<name>`` in the contract is the weight."""

from yolozu.registry import Registry

COSTS = Registry(
    "matching cost",
    {
        "class": "yolozu.matching.costs.classification:class_cost",
        "bbox": "yolozu.matching.costs.box:l1_cost",
        "giou": "yolozu.matching.costs.box:giou_cost",
        "z": "yolozu.matching.costs.depth:depth_cost",
        "rot": "yolozu.matching.costs.rotation:rotation_cost",
        "t": "yolozu.matching.costs.translation:translation_cost",
    },
)
"""Name -> ``cost(candidates)``: from `Candidates` to (L, B, Q, T); costs of poses may have fewer layers."""
