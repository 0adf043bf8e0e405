"""How curved the objective is along each weight, by squared gradients of single images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from yolozu.data.collate import Batch, collate
from yolozu.data.preprocess import normalize_images
from yolozu.matching.hungarian import NonFiniteCostError
from yolozu.model.decoder import Decoder
from yolozu.model.detector import Detector
from yolozu.training.randomness import generator_for

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.utils.data import Dataset

    from yolozu.data.preprocess import Preprocess
    from yolozu.training.learner import Objective

PURPOSE = "squared gradients"


def chosen_images(num_images: int, most: int, *, seed: int) -> list[int]:
    """At most ``most`` of the numbers below ``num_images``, any as likely, in rising order."""
    order = torch.randperm(num_images, generator=generator_for(torch.device("cpu"), seed, PURPOSE))
    return sorted(order[:most].tolist())


def mean_squared_gradients(
    detector: nn.Module,
    loss: Objective,
    images: Dataset[Any],
    numbers: Sequence[int],
    *,
    names: Sequence[str],
    preprocess: Preprocess,
    seed: int,
    device: torch.device,
    each: Callable[[], None],
) -> tuple[dict[str, Tensor], list[int]]:
    """The diagonal of the empirical Fisher information: the mean of squared gradients of one image's loss.

    F_i = 1/N * sum_n (d loss(image n, its labels) / d theta_i)^2: squares of single images, not of their mean, which
    would be near 0 at a minimum. The loss is all that training minimizes (every decoder layer, proposals, denoising),
    divided by the image's objects; norms use running statistics, nothing is dropped out, and the noise of denoising is
    a function of seed and image. Everything is in float32.
    Source: Kirkpatrick et al., Overcoming catastrophic forgetting in neural networks, PNAS 2017.

    Args:
        detector: on ``device``; is left in a mode for neither training nor evaluation.
        loss: the objective.
        images: samples by number, without augmentation.
        numbers: which of them.
        names: of the parameters.
        preprocess: how images become network input.
        seed: of the noise.
        device: where it is computed.
        each: called after every image.

    Returns:
        Name -> tensor of the parameter's shape; and the numbers of images whose gradients were not finite, which are
        left out.
    """
    parameters = _ready(detector, names)
    sums = {name: torch.zeros_like(parameter) for name, parameter in parameters.items()}
    left_out = []
    for number in numbers:
        batch = collate([images[number]])
        total = _loss_of(detector, loss, batch, preprocess, seed=seed, number=number, device=device)
        gradients = None if total is None else _finite_gradients(total, list(parameters.values()))
        if gradients is None:
            left_out.append(number)
        else:
            for squares, gradient in zip(sums.values(), gradients, strict=True):
                if gradient is not None:
                    squares.addcmul_(gradient, gradient)
        each()
    count = max(1, len(numbers) - len(left_out))
    return {name: squares / count for name, squares in sums.items()}, left_out


def _ready(detector: nn.Module, names: Sequence[str]) -> dict[str, nn.Parameter]:
    """The parameters, in a detector that says all that is supervised and changes nothing by saying it."""
    for module in detector.modules():
        module.training = module is detector or isinstance(module, Detector | Decoder)
    own = dict(detector.named_parameters())
    for name, parameter in own.items():
        parameter.requires_grad_(name in names)
    return {name: own[name] for name in names}


def _loss_of(
    detector: nn.Module,
    loss: Objective,
    batch: Batch,
    preprocess: Preprocess,
    *,
    seed: int,
    number: int,
    device: torch.device,
) -> Tensor | None:
    """() that of a batch of image ``number`` alone, with its graph; None where its outputs are not finite numbers."""
    targets = batch.targets.to(device)
    noise = generator_for(torch.device("cpu"), seed, PURPOSE, "denoising", number)
    output = detector(normalize_images(batch.images_B3HW.to(device, non_blocking=True), preprocess), targets, noise)
    try:
        return loss(output, targets)[0]
    except NonFiniteCostError:
        return None


def _finite_gradients(total: Tensor, parameters: Sequence[nn.Parameter]) -> Sequence[Tensor | None] | None:
    """Of a loss () by each parameter; None where they are not finite numbers."""
    gradients = torch.autograd.grad(total, parameters, allow_unused=True)
    finite = all(gradient is None or bool(gradient.isfinite().all()) for gradient in gradients)
    return gradients if finite else None
