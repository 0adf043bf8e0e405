"""Assignment of queries to objects, for all layers and images at once."""

# Shapes: L layers, B images, Q queries, T objects per image (padded), M matched pairs.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from yolozu.errors import InputError
from yolozu.matching.costs.base import Candidates
from yolozu.matching.costs.registry import COSTS

WORTH_THREADS = 1_000_000
"""Costs in all problems together from which threads share them: a batch of 16 images with 52 objects each, of 300
queries and 4 layers, which one thread solves in 7 ms. Images of 7 objects take it 1 ms, less than threads to start."""


class NonFiniteCostError(InputError):
    """The detector's outputs are not finite, so that no assignment of queries to objects exists."""


@dataclass(frozen=True)
class Assignment:
    """Matched pairs, sorted by layer, then image.

    In each layer, every object of an image has one query (as far as queries go), and no query has two objects.

    Attributes:
        layer_M: int64, which layer predicted.
        image_M: int64, which image of the batch.
        query_M: int64, which query.
        object_M: int64, which object of the image.
    """

    layer_M: Tensor
    image_M: Tensor
    query_M: Tensor
    object_M: Tensor


class Matcher:
    """Pairs queries with objects at the least total cost, separately in each layer.

    Source: Carion et al., DETR, ECCV 2020, equation 1.
    """

    def __init__(self, cost_weights: Mapping[str, float], start_steps: Mapping[str, int] | None = None) -> None:
        """Costs named as in the registry; those with weight 0 are not computed.

        Args:
            cost_weights: name -> weight.
            start_steps: name -> optimizer step from which the cost counts; from the first where it is not named.
        """
        starts = {} if start_steps is None else start_steps
        self._costs = [
            (COSTS.load(name), weight, starts.get(name, 0)) for name, weight in cost_weights.items() if weight > 0.0
        ]
        assert self._costs, "a matcher needs a cost"

    @torch.no_grad()
    def __call__(self, candidates: Candidates, step: int | None = None) -> Assignment:
        """The best pairs.

        Args:
            candidates: queries and objects.
            step: optimizer steps done, which decide what costs count; None stands for the end, when all do.

        Raises:
            NonFiniteCostError: YZ403.
        """
        layers, images, queries, _ = candidates.predicted["logits"].shape
        objects = candidates.targets.labels_BT.shape[1]
        cost_LBQT = candidates.predicted["boxes"].new_zeros(layers, images, queries, objects)
        for cost, weight, start in self._costs:
            if step is None or step >= start:
                found = cost(candidates)
                cost_LBQT[: len(found)] += weight * found
        return assign(cost_LBQT, candidates.targets.counts)


def assign(cost_LBQT: Tensor, counts: Sequence[int]) -> Assignment:
    """The pairs of least total cost in each layer of each image.

    Costs of all layers and images come to the host at once, where threads share them if objects are many.

    Args:
        cost_LBQT: (L, B, Q, T) of giving object t to query q; columns beyond an image's count are ignored.
        counts: objects per image.

    Raises:
        NonFiniteCostError: YZ403 when a cost that counts is NaN or infinite.
    """
    device = cost_LBQT.device
    cost = cost_LBQT.cpu().numpy()
    places = [(layer, image) for layer in range(cost.shape[0]) for image in range(len(counts))]
    problems = [cost[layer, image, :, : counts[image]] for layer, image in places]
    for place, problem in zip(places, problems, strict=True):
        if not np.isfinite(problem).all():
            raise _non_finite(*place)
    blocks = [
        np.stack([np.full_like(query, layer), np.full_like(query, image), query, target])
        for (layer, image), (query, target) in zip(places, _solved(problems), strict=True)
    ]
    return _assignment(blocks, device)


def _solved(problems: Sequence[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows and columns of each; by as many threads as torch computes with, where that is worth their start."""
    threads = min(torch.get_num_threads(), len(problems))
    if threads == 1 or sum(problem.size for problem in problems) < WORTH_THREADS:
        return [linear_sum_assignment(problem) for problem in problems]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(linear_sum_assignment, problems))  # it lets other threads run meanwhile


def assign_in_order(num_layers: int, num_queries: int, counts: Sequence[int], device: torch.device) -> Assignment:
    """Object i with query i, in every layer: no matching at all, for debugging."""
    blocks = []
    for layer in range(num_layers):
        for image, count in enumerate(counts):
            index = np.arange(min(count, num_queries))
            blocks.append(np.stack([np.full_like(index, layer), np.full_like(index, image), index, index]))
    return _assignment(blocks, device)


def _assignment(blocks: list[np.ndarray], device: torch.device) -> Assignment:
    pairs_4M = torch.from_numpy(np.concatenate(blocks, axis=1, dtype=np.int64)).to(device, non_blocking=True)
    return Assignment(*pairs_4M.unbind(0))


def _non_finite(layer: int, image: int) -> Exception:
    return NonFiniteCostError.one(
        "YZ403",
        where=f"supervised layer {layer}, image {image} of the batch",
        problem="class logits, boxes or poses are NaN or infinite, so objects cannot be matched to queries",
        fix="lower lr, set clip_grad_norm, or use amp: none",
    )
