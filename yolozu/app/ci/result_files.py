"""The files that continuous integration reads, written at the end of a command, however it ends."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.app.ci.cases import Results, refused_case
from yolozu.app.ci.junit import junit_xml
from yolozu.app.ci.summary import summary_markdown
from yolozu.app.outputs import require_writable
from yolozu.artifacts.jsonio import write_text
from yolozu.errors import YolozuError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class ResultFiles:
    """What is asked for.

    Attributes:
        junit: file that is replaced by the test cases; None for none.
        summary: file that the summary is appended to; None for none.
    """

    junit: Path | None = None
    summary: Path | None = None

    @property
    def asked(self) -> bool:
        """Whether anything is."""
        return (self.junit, self.summary) != (None, None)

    def check(self) -> None:
        """Refuse files that could not be written, before anything is done.

        Raises:
            UsageError: YZ727 and YZ905.
        """
        require_writable({"--junit": self.junit, "--summary": self.summary})

    def write(self, results: Results) -> None:
        """Tell ``results``."""
        if self.junit is not None:
            write_text(self.junit, junit_xml(results))
        if self.summary is not None:
            self.summary.parent.mkdir(parents=True, exist_ok=True)
            with self.summary.open("a", encoding="utf-8") as file:
                file.write(summary_markdown(results))


@contextmanager
def told(files: ResultFiles, *, name: str = "contract") -> Iterator[ResultFiles]:
    """``files``, checked; what cannot even begin in the block is told in them, too.

    Args:
        files: where.
        name: of the test case that then tells of it.

    Raises:
        YolozuError: as in the block; or of `ResultFiles.check`.
    """
    files.check()
    try:
        yield files
    except YolozuError as error:
        if files.asked:
            case = refused_case("yolozu", name, error.findings)
            files.write(Results("yolozu", case.message, (case,)))
        raise
