"""Losses weighed by how large the network expects them to be."""

from __future__ import annotations

from torch import Tensor


def aligned(loss: Tensor, log_sigma: Tensor) -> Tensor:
    """``exp(-s) L + s``: least where ``s`` is the logarithm of the loss that is to be expected.

    The negative logarithm of a Laplace distribution of scale ``exp(s)``, without its constant.
    Source: Kendall and Gal, What Uncertainties Do We Need in Bayesian Deep Learning for Computer Vision?, NeurIPS 2017,
    equation 8, for an absolute error.

    Args:
        loss: (...) absolute errors, at least 0.
        log_sigma: (...) s.

    Returns:
        (...), below 0 where small errors were expected and found.
    """
    return (-log_sigma).exp() * loss + log_sigma
