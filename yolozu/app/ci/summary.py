"""A summary in Markdown, for a pull request or the page of a job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yolozu.engine.view.view import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yolozu.app.ci.cases import Case, Results

WORDS = {"passed": "passed", "failed": "**failed**", "error": "**error**", "skipped": "skipped"}
MOST_LINES = 100
"""Lines shown of a failure; GitHub takes 1 MiB a step."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#!|~$@]|^[+-])")
_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def summary_markdown(results: Results) -> str:
    """The summary; every text that is not ours is escaped, so that it shows as it is and names nobody."""
    return "".join(f"{line}\n" for line in _lines(results))


def _lines(results: Results) -> Iterator[str]:
    bad = results.count("failed") + results.count("error")
    passed, skipped = results.count("passed"), results.count("skipped")
    yield f"### yolozu: {_escaped(results.name)} {'failed' if bad else 'passed'}"
    yield ""
    yield _escaped(results.headline)
    yield ""
    counts = [f"{passed} passed", *([f"{bad} failed"] if bad else []), *([f"{skipped} skipped"] if skipped else [])]
    yield f"{', '.join(counts)} in {duration(results.seconds)}"
    yield ""
    yield from _table(("", "", "time", ""), [_row(case) for case in results.cases])
    if results.metrics:
        yield ""
        rows = [(_escaped(name), "-" if value is None else f"{value:.4f}") for name, value in results.metrics.items()]
        yield from _table(("metric", "value"), rows)
    for case in results.cases:
        if case.outcome in ("failed", "error"):
            yield from _failure(case)
    if results.files:
        yield ""
        yield from (f"- {_escaped(title)}: {_escaped(path)}" for title, path in results.files)
    yield ""


def _row(case: Case) -> tuple[str, ...]:
    time = duration(case.seconds) if case.seconds else ""
    return (_escaped(case.name), WORDS[case.outcome], time, _escaped(case.message))


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    for cells in (header, ("---",) * len(header), *rows):
        yield f"| {' | '.join(cells)} |"


def _failure(case: Case) -> Iterator[str]:
    """All that is known, as it is: in a fence that is longer than any in it."""
    lines = _UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", case.text).splitlines()
    if len(lines) > MOST_LINES:
        lines = [f"({len(lines) - MOST_LINES} lines before)", *lines[-MOST_LINES:]]
    fence = "`" * (max([2, *(len(ticks) for line in lines for ticks in re.findall("`+", line))]) + 1)
    yield ""
    yield f"#### {_escaped(case.name)}"
    yield ""
    yield f"{fence}text"
    yield from lines
    yield fence


def _escaped(text: str) -> str:
    """In one line, with nothing that Markdown, HTML or a forge takes for its own."""
    plain = _UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", plain)
