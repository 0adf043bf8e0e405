"""What the doctor says of one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from yolozu.errors import EXIT_DONE, EXIT_REFUSED

State = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True)
class Verdict:
    """One thing that was looked at.

    Attributes:
        name: of the thing.
        state: ``warning`` where it may be meant so, or cannot be told; ``wrong`` where nothing good comes of it.
        said: what was found, with numbers.
        advice: what to do; empty where it is ok.
    """

    name: str
    state: State
    said: str
    advice: str = ""


def exit_code(verdicts: list[Verdict]) -> int:
    """1 where anything is wrong, else 0."""
    return EXIT_REFUSED if any(verdict.state == "wrong" for verdict in verdicts) else EXIT_DONE
