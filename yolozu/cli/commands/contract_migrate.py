"""`yolozu contract migrate`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.app.migration import migrated_files
from yolozu.cli.options import Json
from yolozu.cli.render import say, say_json, show_findings
from yolozu.errors import EXIT_DONE, EXIT_USAGE

if TYPE_CHECKING:
    from yolozu.app.migration import MigratedFile


def migrate(
    files: Annotated[list[Path], typer.Argument(help="Contract files (YAML or JSON).", metavar="FILE…")],
    *,
    write: Annotated[bool, typer.Option("--write", help="Write the files; without it nothing is touched.")] = False,
    as_json: Json = False,
) -> int:
    """Bring contracts to today's version, as a diff; comments, order and layout stay.

    Keys of other trainers that mean just one of ours are renamed, too. What cannot be done without guessing is refused,
    with its line, and such a file stays as it is. Exits 0 or 2.
    """
    results = migrated_files(files, write=write)
    if as_json:
        listed = [_as_json(entry) for entry in results]
        say_json(json.dumps({"files": listed}, indent=2, ensure_ascii=False))
        return EXIT_DONE if all(entry["ok"] for entry in listed) else EXIT_USAGE
    passed = True
    for entry in results:
        show_findings(entry.findings)
        passed = passed and entry.result is not None
        if entry.result is not None:
            say(entry.result.diff, end="")
            say(_said(entry))
    return EXIT_DONE if passed else EXIT_USAGE


def _said(entry: MigratedFile) -> str:
    result = entry.result
    assert result is not None, "what is refused has findings instead"
    if not result.diff:
        return f"{entry.path}: nothing to do: it is of version {result.now}, the newest"
    version = f"version {result.now}" if result.since == result.now else f"version {result.since} -> {result.now}"
    return f"{entry.path}: {version}, {'written' if entry.written else 'not written yet: --write does'}"


def _as_json(entry: MigratedFile) -> dict[str, Any]:
    result = entry.result
    return {
        "path": str(entry.path),
        "ok": result is not None,
        "from": None if result is None else result.since,
        "to": None if result is None else result.now,
        "diff": None if result is None else result.diff,
        "written": entry.written,
        "findings": [dataclasses.asdict(finding) for finding in entry.findings],
    }
