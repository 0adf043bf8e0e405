"""State dicts in torchvision's layout: renamed exactly, or refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from yolozu.errors import Finding, InputError

COUNTER = ".num_batches_tracked"
"""Batches a batch normalization has seen, which evaluation does not read: missing in files of the time before it was
counted, and in frozen statistics."""


def renamed_exactly(
    own: Mapping[str, Tensor],
    state: Mapping[str, Tensor],
    *,
    rename: Callable[[str], str],
    ignored: tuple[str, ...],
    where: str,
) -> dict[str, Tensor]:
    """The tensors of ``state`` under the names of ``own``, all of them.

    Args:
        own: state dict that is to be filled.
        state: state dict in torchvision's layout.
        rename: torchvision's name of a name in ``own``.
        ignored: beginnings of names in ``state`` that have no place in ``own``.
        where: the file, for messages.

    Raises:
        InputError: YZ410, a finding each for what is missing, unexpected and mis-shaped, in torchvision's names.
    """
    names = {rename(name): name for name in own}
    assert len(names) == len(own), "two tensors with one name"
    given = {name: tensor for name, tensor in state.items() if not name.startswith(ignored)}
    refusals = {
        "missing": [name for name in names if name not in given and not name.endswith(COUNTER)],
        "unexpected": [name for name in given if name not in names and not name.endswith(COUNTER)],
        "of another shape": [
            f"{name} ({list(given[name].shape)} in the file, {list(own[mine].shape)} in the backbone)"
            for name, mine in names.items()
            if name in given and given[name].shape != own[mine].shape
        ],
    }
    findings = [
        Finding(
            "YZ410",
            where,
            f"{len(wrong)} tensor{'s are' if len(wrong) > 1 else ' is'} {what}: {', '.join(wrong)}",
            "choose the backbone it was trained as, with norm bn or frozenbn and multipliers 1",
        )
        for what, wrong in refusals.items()
        if wrong
    ]
    if findings:
        raise InputError(findings)
    # Published half-precision files hold the same numbers, rounded: the backbone's own type decides.
    return {
        mine: given[name].to(own[mine].dtype) if name in given else torch.zeros_like(own[mine])
        for name, mine in names.items()
    }
