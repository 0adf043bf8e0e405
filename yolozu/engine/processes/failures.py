"""How processes of a group ended badly, and which of their failures the others follow from."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LOST_PEER = "LostPeerError"
"""Kind of failure of a process that only misses another one."""

GRACE_S = 10.0
"""A process that was killed counts as gone so much earlier than it was found: what others report meanwhile follows from
it. torchrun itself kills what has not ended 30 s after a first failure, which is later than that failure by more."""


@dataclass(frozen=True)
class Failure:
    """How a process of the group ended, where not well.

    Attributes:
        rank: its number.
        exit_code: negative for a signal.
        at: when, in seconds since 1970.
        kind: class of its error; empty where it ended without a word.
        text: its error.
    """

    rank: int
    exit_code: int
    at: float
    kind: str
    text: str

    @property
    def since(self) -> float:
        """When it was gone, in seconds since 1970, at the earliest."""
        return self.at - GRACE_S if self.exit_code < 0 else self.at

    @property
    def is_retryable(self) -> bool:
        """Whether another try may go better: the process was killed, or lost its peers."""
        return self.exit_code < 0 or self.kind == LOST_PEER

    def render(self) -> str:
        """How it ended, in words."""
        if self.exit_code < 0:
            return f"process {self.rank} was killed by {signal.Signals(-self.exit_code).name}"
        if self.kind == LOST_PEER:
            return f"process {self.rank} lost its connection to another one"
        return f"process {self.rank} ended with exit code {self.exit_code}"


def cause(failures: Sequence[Failure]) -> Failure:
    """The failure that the others follow from: the earliest.

    Those that torchrun has asked to end because another one failed count only where there is nothing else.
    """
    return min(failures, key=lambda failure: (failure.exit_code == -signal.SIGTERM, failure.since))


def cause_of_nodes(failures: Sequence[Sequence[Failure]]) -> Failure:
    """The failure that those of all nodes follow from; clocks of nodes differ.

    What has only lost its peers counts where there is nothing else, whatever its node's clock says.
    """
    causes = [cause(of_node) for of_node in failures if of_node]
    return min(causes, key=lambda one: (one.exit_code == -signal.SIGTERM, one.kind == LOST_PEER, one.since))
