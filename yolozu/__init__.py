"""Train detectors and 6DoF-pose models as a graph of files that can be trusted, repeated and explained."""

__version__ = "0.1.0"
