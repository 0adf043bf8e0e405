"""Gradients of several processes, added up in buckets while the backward pass still computes the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn import Parameter

from yolozu.training.distributed import Group

BUCKET = 2**21
"""Most numbers that travel together: 8 MiB of float32. The last bucket, of the network's first layers, is what nothing
overlaps; larger ones would hold more of it, and smaller ones cost more messages."""


class GradientBuckets:
    """Makes the gradients of a step the sums of all processes', the same bits on each.

    A bucket is on its way as soon as the last backward pass of the step has made all of its gradients, and every
    bucket before it is. Which parameters lie in which bucket, and the order of buckets, go by the network alone: by
    arrival, a resumed training of three processes or more would add in another order than an undisturbed one.
    `torch.nn.parallel.DistributedDataParallel` arranges its buckets anew behind the first step, and wants a forward and
    a backward pass of every process, while a process here may have no image in a batch, or outputs that no loss takes.

    Attributes:
        overlapping: whether buckets travel during the backward pass; else behind it, with the same bits.
    """

    def __init__(self, parameters: Sequence[Parameter], processes: Group, *, overlapping: bool = True) -> None:
        """Watch over what an optimizer moves.

        Args:
            parameters: all of them, in the order in which the network computes; the backward pass goes the other way.
            processes: that train together.
            overlapping: as the attribute.
        """
        self.overlapping = overlapping
        self._processes, self._parameters = processes, list(reversed(parameters))
        self._buckets: list[_Bucket] = []
        self._bucket_of: dict[Parameter, _Bucket] = {}
        self._in_backward = False
        if processes.size > 1:
            for parameter in self._parameters:
                parameter.register_post_accumulate_grad_hook(self._arrived)  # type: ignore[no-untyped-call]

    @contextmanager
    def last_backward(self) -> Iterator[None]:
        """Around the last backward pass of a step, if there is one; behind it, every bucket is on its way."""
        if self._processes.size == 1:
            yield
            return
        learning = [parameter for parameter in self._parameters if parameter.requires_grad]
        self._buckets = [_Bucket(parameters) for parameters in bucketed(learning)]
        self._bucket_of = {parameter: bucket for bucket in self._buckets for parameter in bucket.parameters}
        self._in_backward = True
        try:
            yield
        finally:
            self._in_backward = False
        for bucket in self._buckets:
            bucket.send(self._processes)

    @torch.no_grad()
    def wait(self) -> None:
        """Wait for the sums. A gradient that no process has is None; one that some have is the sum of theirs."""
        for bucket in self._buckets:
            bucket.wait()
        if self._buckets:
            counts = torch.cat([bucket.counts for bucket in self._buckets]).tolist()
            for parameter, count in zip(self._bucket_of, counts, strict=True):
                if count == 0.0:
                    parameter.grad = None
        self._buckets, self._bucket_of = [], {}

    def _arrived(self, parameter: Tensor) -> None:
        """A backward pass has made this gradient, as a whole."""
        if not self._in_backward:
            return
        assert isinstance(parameter, Parameter)
        self._bucket_of[parameter].awaited -= 1
        if not self.overlapping:
            return
        for bucket in self._buckets:
            if bucket.awaited > 0:
                return
            bucket.send(self._processes)


class _Bucket:
    """Parameters of one type and device, and their gradients on the way.

    Attributes:
        parameters: in their order.
        awaited: how many of them have no gradient of the pass yet.
        counts: (parameters,) how many processes have each gradient; once waited for.
    """

    def __init__(self, parameters: list[Parameter]) -> None:
        self.parameters, self.awaited = parameters, len(parameters)
        self.counts = torch.empty(0)
        self._finish: Callable[[], None] | None = None

    @torch.no_grad()
    def send(self, processes: Group) -> None:
        """Begin to add up, unless that has begun: all gradients in one tensor, and behind them which there are."""
        if self._finish is not None:
            return
        numbers = [parameter.numel() for parameter in self.parameters]
        flat = self.parameters[0].new_empty(sum(numbers) + len(numbers))
        *parts, self.counts = torch.split(flat, [*numbers, len(numbers)])
        self.counts.copy_(
            torch.tensor([parameter.grad is not None for parameter in self.parameters]), non_blocking=True
        )
        for parameter, part in zip(self.parameters, parts, strict=True):
            own = part.as_strided(parameter.size(), parameter.stride())  # the order in memory that gradients have
            if parameter.grad is None:
                own.zero_()
            else:
                own.copy_(parameter.grad)
            parameter.grad = own  # frees the gradient itself, so that no second copy of all is kept
        self._finish = processes.start_sum(flat)

    def wait(self) -> None:
        """Until the sums are there."""
        assert self._finish is not None
        self._finish()


def bucketed(parameters: Sequence[Parameter]) -> Iterator[list[Parameter]]:
    """The parameters in their order, in lists of one type and device of at most `BUCKET` numbers, or one parameter."""
    bucket: list[Parameter] = []
    numbers = 0
    for parameter in parameters:
        other = bool(bucket) and (bucket[0].dtype, bucket[0].device) != (parameter.dtype, parameter.device)
        if bucket and (other or numbers + parameter.numel() > BUCKET):
            yield bucket
            bucket, numbers = [], 0
        bucket.append(parameter)
        numbers += parameter.numel()
    if bucket:
        yield bucket
