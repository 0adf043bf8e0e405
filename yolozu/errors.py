"""What can go wrong, said once: a code, a place, a problem and a fix."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

EXIT_DONE = 0
EXIT_REFUSED = 1
EXIT_USAGE = 2
EXIT_BUG = 70
EXIT_INTERRUPTED = 75


_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""What a terminal would obey instead of showing it, and what is no character; names of files may hold both."""


_RENDERED = re.compile(
    r"^(?P<where>[^\n]+?): (?P<soft>warning: )?(?P<code>YZ\d{3}) (?P<problem>[^\n]*)\n  fix: (?P<fix>[^\n]*)$",
    re.MULTILINE,
)


def visible(text: str) -> str:
    """``text`` with everything escaped that a terminal would obey instead of showing it; tabs and line ends stay."""
    return _UNSHOWN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def visible_json(text: str) -> str:
    """A JSON text that means the same, with the same escaped as JSON escapes it; it stands in texts and keys alone."""
    return _UNSHOWN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


@dataclass(frozen=True)
class Finding:
    """One problem at one place.

    ``where`` is what a person can jump to: ``exp.yaml:4: weight_deacy``, ``labels/train/7.txt:3`` or a JSON path.
    """

    code: str
    where: str
    problem: str
    fix: str
    severity: Literal["error", "warning"] = "error"

    def render(self) -> str:
        """Two lines for a terminal: the place with the problem, and what to do about it."""
        prefix = "warning: " if self.severity == "warning" else ""
        return visible(f"{self.where}: {prefix}{self.code} {self.problem}\n  fix: {self.fix}")

    @classmethod
    def parse(cls, text: str) -> list[Finding]:
        """The findings that `render` has put into ``text``, one after the other; none where it holds other things."""
        return [
            cls(found["code"], found["where"], found["problem"], found["fix"], "warning" if found["soft"] else "error")
            for found in _RENDERED.finditer(text)
        ]


class YolozuError(Exception):
    """An error a person can act on; carries every finding of its kind at once."""

    exit_code = EXIT_USAGE

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        assert self.findings, "an error names at least one finding"
        super().__init__(self.findings)

    @classmethod
    def one(cls, code: str, *, where: str, problem: str, fix: str) -> YolozuError:
        """The error that holds a single finding."""
        return cls([Finding(code, where, problem, fix)])

    def __str__(self) -> str:
        return "\n".join(finding.render() for finding in self.findings)


class ContractError(YolozuError):
    """The contract, or an override of it, does not say something that can be run."""


class UsageError(YolozuError):
    """The command line, the environment or the state of a run does not allow what was asked."""


class InputError(YolozuError):
    """A data set, checkpoint, model or predictions file cannot be used as it is."""


class GateFailed(YolozuError):
    """A measurement was made and says no; its report is published all the same."""

    exit_code = EXIT_REFUSED


class Interrupted(YolozuError):
    """Stopped on request with everything saved; the same command goes on from there."""

    exit_code = EXIT_INTERRUPTED
