"""Findings and tables for people: colors on a terminal, plain text elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any, TextIO

from yolozu.errors import visible, visible_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from yolozu.errors import Finding

WIDTH = 80
"""Columns where the output is no terminal."""

_STYLES = {"error": "red", "warning": "yellow"}


def say(text: object = "", *, end: str = "\n", file: TextIO | None = None, flush: bool = False) -> None:
    """Print for people, as `print` does, with everything escaped that a terminal would obey."""
    print(visible(str(text)), end=end, file=file, flush=flush)


def say_json(text: str, *, end: str = "\n", flush: bool = False) -> None:
    """Print JSON, with what a terminal would obey, and what is no character, as the escapes of JSON."""
    print(visible_json(text), end=end, flush=flush)


def show_findings(findings: Iterable[Finding], stream: TextIO | None = None) -> None:
    """Print findings, to stderr where no ``stream`` is given; red and yellow on a terminal, unless NO_COLOR is set."""
    stream = sys.stderr if stream is None else stream
    colored = _is_colored(stream)
    for finding in findings:
        if colored:
            _print_colored(finding, stream)
        else:
            print(finding.render(), file=stream)


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None, *, numbers: bool = False
) -> str:
    """Columns two spaces apart, each as wide as its longest entry; ``numbers`` puts all but the first to the right.

    Where that is more than ``width`` (the terminal's, if none is given), the widest column gives way first: the last
    column keeps its end, the others their beginning.
    """
    width = shutil.get_terminal_size((WIDTH, 24)).columns if width is None else width
    rows = [[visible(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > len("…"):
        widths[widths.index(max(widths))] -= 1
    lines = []
    for row in (header, *rows):
        cells = [
            _cut(cell, size, keep_end=column == len(row) - 1)
            for column, (cell, size) in enumerate(zip(row, widths, strict=True))
        ]
        sides = ["<", *((">" if numbers else "<") * (len(cells) - 1))]
        aligned = (f"{cell:{side}{size}}" for cell, side, size in zip(cells, sides, widths, strict=True))
        lines.append("  ".join(aligned).rstrip())
    return "\n".join(lines)


def aligned(title: str, cells: Sequence[str], width: int, widths: int | Sequence[int]) -> str:
    """A line of a table: a title at the left, cut where it would fill its column, and cells at the right.

    Args:
        title: of the row.
        cells: the others.
        width: of the title's column.
        widths: of each other column, or of all of them.
    """
    sizes = [widths] * len(cells) if isinstance(widths, int) else widths
    title = visible(title)
    shown = title if len(title) < width else f"{title[: width - 2]}…"
    return f"{shown:<{width}}" + "".join(f"{cell:>{size}}" for cell, size in zip(cells, sizes, strict=True))


def number(value: float | None, decimals: int = 4, sign: str = "") -> str:
    """``value`` with so many decimals, ``-`` where there is none; sign ``+`` also shows that of positive ones."""
    return "-" if value is None else f"{value:{sign}.{decimals}f}"


def shortened(names: Sequence[str], width: int) -> list[str]:
    """Paths without the directory they share, and what is still too long without its middle."""
    parents = {os.path.dirname(name) for name in names}  # noqa: PTH120 - a text, not a file
    shared = f"{next(iter(parents))}/" if len(parents) == 1 and "" not in parents else ""
    return [_without_middle(name.removeprefix(shared), width) for name in names]


def wrapped(text: str, *, indent: str, hanging: str) -> str:
    """``text`` in lines of at most the terminal's width, broken between words; a longer word keeps a line of its own.

    Args:
        text: one paragraph.
        indent: before the first line.
        hanging: before the others.
    """
    width = shutil.get_terminal_size((WIDTH, 24)).columns
    return textwrap.fill(
        visible(text),
        width,
        initial_indent=indent,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def counted(number: int, one: str, several: str | None = None) -> str:
    """``1 image``, ``2 images``; ``several`` where an s is not enough."""
    return f"{number} {one if number == 1 else f'{one}s' if several is None else several}"


def show_report(report: dict[str, Any], lines: Iterable[str], *, output: Path | None, as_json: bool) -> None:
    """Print a report, for people or as JSON, and write it where that is asked for.

    Args:
        report: the JSON object.
        lines: the same for people; only made when they are printed.
        output: file to write the report to.
        as_json: print the JSON object instead of the lines.
    """
    from yolozu.artifacts.jsonio import pretty, write_text

    if output is not None:
        write_text(output, pretty(report))
    if as_json:
        say_json(pretty(report), end="")
    else:
        say("".join(f"{line}\n" for line in lines), end="")
    if output is not None:
        say(f"report: {output}", file=sys.stderr)


def _cut(text: str, size: int, *, keep_end: bool) -> str:
    if len(text) <= size:
        return text
    return f"…{text[len(text) - size + 1 :]}" if keep_end else f"{text[: size - 1]}…"


def _without_middle(name: str, width: int) -> str:
    if len(name) <= width:
        return name
    end = (width - 1) * 2 // 3
    return f"{name[: width - 1 - end]}…{name[-end:]}"


def _is_colored(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _print_colored(finding: Finding, stream: TextIO) -> None:
    from rich.console import Console
    from rich.text import Text

    first, _, rest = finding.render().partition("\n")
    console = Console(file=stream, highlight=False, soft_wrap=True, force_terminal=True)
    console.print(Text(first, style=_STYLES[finding.severity]))
    print(rest, file=stream)
