"""Options that several commands take, each worded once, with the ranges of `yolozu.app.arguments`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from yolozu.app.arguments import RANGES


def in_range(argument: str, text: str) -> Any:
    """A number with the range that Python calls are held to as well."""
    low, high = RANGES[argument]
    return typer.Option(min=low, max=high, help=text)


RunId = Annotated[str | None, typer.Option(help="Name of the run (as run_id=…).")]
RunDir = Annotated[
    str | None, typer.Option(help="Directory of the run, ending in its name (as run_dir=…).", metavar="DIR")
]
Config = Annotated[
    str | None, typer.Option(help="Contract file (as config=…, or as a word of its own).", metavar="FILE")
]
RunWords = Annotated[
    list[str] | None,
    typer.Argument(
        help="A contract file, stages or short names (train, export, parity, predict, eval), and KEY=VALUE pairs such "
        "as run_id=exp01 or epochs=3. Each key is an option, too (--epochs 3); `yolozu train --help` lists them.",
        metavar="CONFIG|STAGE|KEY=VALUE",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Paranoid = Annotated[
    bool, typer.Option("--paranoid", help="Read every file, whatever its size and time say (as paranoid=true).")
]
Events = Annotated[bool, typer.Option("--json", help="Print what happens as JSON, a line an event.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing on the way but warnings and errors.")]
ReportAsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]
Report = Annotated[Path | None, typer.Option(help="Write the report there.", metavar="FILE")]
Junit = Annotated[
    Path | None, typer.Option(help="Write test cases for CI there, as JUnit XML: a stage, a gate each.", metavar="FILE")
]
Summary = Annotated[
    Path | None, typer.Option(help="Append a summary in Markdown, as $GITHUB_STEP_SUMMARY wants.", metavar="FILE")
]
Dataset = Annotated[Path, typer.Option(help="Directory of the data set.", metavar="ROOT")]
Split = Annotated[str | None, typer.Option(help="Split; left out, the only one, or val.")]
EvaluatedImages = Annotated[int | None, in_range("max_images", "Evaluate only the first so many images.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read, check and count, but measure nothing.")]
Made = Annotated[Path, typer.Option(help="Data set to make, or to extend by the split.", metavar="DIR")]
