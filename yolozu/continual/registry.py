"""Regularizers that hold weights which mattered to earlier tasks, by the contract's keys that switch them on."""

from yolozu.registry import Registry

REGULARIZERS = Registry(
    "regularizer",
    {
        "ewc": "yolozu.continual.ewc:ElasticWeightConsolidation",
        "si": "yolozu.continual.si:SynapticIntelligence",
    },
)
"""Each is a `Regularizer`."""
