"""Costs of giving an object to a query; ``cost_<name>`` in the contract is the weight."""

from yolozu.registry import Registry

COSTS = Registry(
    "matching cost",
    {
        "class": "yolozu.matching.costs.classification:class_cost",
        "bbox": "yolozu.matching.costs.box:l1_cost",
        "giou": "yolozu.matching.costs.box:giou_cost",
    },
)
"""Name -> ``cost(predicted, targets)``: from head -> (L, B, Q, K) and the objects (B, T) to (L, B, Q, T)."""
