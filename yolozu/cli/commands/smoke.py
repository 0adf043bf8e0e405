"""`yolozu smoke`: every size of the detector, all the way, in minutes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from yolozu.app.smoke import BUCKETS, Passed, as_json, buckets_of, exit_code_of, run_bucket, smoke_data
from yolozu.cli.options import Json
from yolozu.cli.render import counted, number, say, say_json, show_findings, table
from yolozu.progress import progress_for

PARITY = {True: "passed", False: "failed", None: "-"}


def smoke(
    *,
    buckets: Annotated[str, typer.Option(help="Sizes to try, with commas between them.", metavar="LIST")] = ",".join(
        BUCKETS
    ),
    dataset: Annotated[
        Path | None, typer.Option(help="Data set to use; else data/coco128, fetched where missing.", metavar="DIR")
    ] = None,
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Use rendered scenes with poses; nothing is fetched.")
    ] = False,
    as_json_: Json = False,
) -> int:
    """Train a few steps of each size n to x, export, check parity, predict, read the predictions; exit 1 if one fails.

    A check that everything works together on this machine, on eight small pictures; it says nothing about accuracy.
    The runs are runs/smoke-n and so on: `yolozu status run_id=smoke-n`.
    """
    progress, names = progress_for(sys.stderr), buckets_of(buckets)
    data = smoke_data(dataset, synthetic=synthetic, progress=progress)
    rows = [run_bucket(name, data, lambda line: say(line, file=sys.stderr), progress) for name in names]
    if as_json_:
        say_json(json.dumps([as_json(row) for row in rows], indent=2))
    else:
        say(table(("bucket", "run", "parameters", "seconds", "parity", "ok"), [_cells(row) for row in rows]))
    for row in rows:
        show_findings(row.findings)
    failed = sum(bool(row.findings) for row in rows)
    if failed:
        say(f"{counted(failed, 'bucket')} of {len(rows)} failed", file=sys.stderr)
    return exit_code_of(rows)


def _cells(row: Passed) -> list[str]:
    parameters = "-" if row.parameters is None else f"{row.parameters:,}"
    return [
        row.bucket,
        row.run_id,
        parameters,
        number(row.seconds, 1),
        PARITY[row.parity],
        "no" if row.findings else "yes",
    ]
