"""A small network on a batch that two processes share, and on the whole batch in one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import torch
from torch import Tensor, distributed, nn

from yolozu.model.norms import make_norm

if TYPE_CHECKING:
    from pathlib import Path

WORLD_SIZE = 2


@dataclass(frozen=True)
class Case:
    """A batch and how it is shared.

    Attributes:
        images: of each process.
        dtype: of the images and the network.
        offset: added to the images, whose deviation is 1.
        autocast: whether the network runs under bf16 autocast.
        size: height and width of the images.
    """

    images: tuple[int, int]
    dtype: torch.dtype = torch.float64
    offset: float = 0.0
    autocast: bool = False
    size: tuple[int, int] = (6, 8)


CASES = {
    "even shares": Case((2, 2)),
    "uneven shares": Case((3, 1)),
    "no images on the first process": Case((0, 4)),
    "no images on the second process": Case((4, 0)),
    "means far from zero": Case((3, 2), torch.float32, offset=1e3),
    "one value altogether": Case((0, 1), size=(1, 1)),
    "autocast": Case((3, 1), torch.float32, autocast=True),
}


def learn(norm: str, case: Case, own: slice) -> dict[str, Tensor]:
    """Outputs, gradients and statistics of one training step on the ``own`` images."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(sum(case.images), 3, *case.size, generator=generator).to(case.dtype) + case.offset
    halved = [(side + 1) // 2 for side in case.size]
    factors = torch.randn(sum(case.images), 5, *halved, generator=generator).to(case.dtype)
    torch.manual_seed(1)
    network = nn.Sequential(
        make_norm(norm, 3), nn.Conv2d(3, 4, 3, padding=1), make_norm(norm, 4), nn.SiLU(),
        nn.Conv2d(4, 5, 3, stride=2, padding=1), make_norm(norm, 5),
    ).to(case.dtype)  # fmt: skip
    own_images = images[own].requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=case.autocast):
        outputs = network(own_images)
    (outputs * factors[own]).sum().backward()
    return {
        "outputs": outputs.detach(),
        "images.grad": own_images.grad,
        **{f"{name}.grad": parameter.grad for name, parameter in network.named_parameters()},
        **dict(network.named_buffers()),
    }


def share(rank: int, directory: Path) -> None:
    """One of the processes: every case, results into a file."""
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo",
        init_method=f"file://{directory}/rendezvous",
        rank=rank,
        world_size=WORLD_SIZE,
        timeout=timedelta(seconds=60),
    )
    found = {}
    for name, case in CASES.items():
        start = sum(case.images[:rank])
        found[name] = learn("syncbn", case, slice(start, start + case.images[rank]))
    torch.save(found, directory / f"{rank}.pt")
    distributed.destroy_process_group()
