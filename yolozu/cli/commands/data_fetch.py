"""`yolozu data fetch`: published data sets."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from yolozu.app.outputs import require_makeable
from yolozu.cli.render import counted, say
from yolozu.progress import progress_for


def _digest(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Fa-f]{64}", text):
        raise typer.BadParameter("is no SHA-256: 64 hexadecimal digits")
    return text.lower()


def fetch(
    name: Annotated[Literal["coco128"], typer.Argument(help="Data set.", metavar="NAME")],
    *,
    out: Annotated[Path | None, typer.Option(help="Directory of the data set; else data/NAME.", metavar="DIR")] = None,
    url: Annotated[
        list[str] | None, typer.Option(help="Address of the zip, may be repeated; else the usual ones.")
    ] = None,
    sha256: Annotated[
        str | None, typer.Option(help="SHA-256 that the zip must have.", parser=_digest, metavar="HEX")
    ] = None,
    archive: Annotated[
        Path | None, typer.Option("--from", help="A zip that is at hand; nothing is downloaded.", metavar="FILE")
    ] = None,
) -> None:
    """Fetch a data set, compare its digest, unpack and describe it. A cut download goes on where it was.

    Data sets: coco128, 128 images of COCO with 80 classes.
    """
    from yolozu.data.fetch.published import PUBLISHED, FetchPlan
    from yolozu.data.fetch.published import fetch as fetch_by

    urls = PUBLISHED[name].urls if url is None else tuple(url)
    plan = FetchPlan(name, Path("data") / name if out is None else out, urls, sha256, archive)
    require_makeable("--out", plan.out)
    fetched = fetch_by(plan, progress_for(sys.stderr))
    if not fetched.splits:
        say(f"{plan.out}: is there already, nothing was done")
        return
    classes = counted(len(PUBLISHED[name].classes), "class", "classes")
    say(f"{plan.out}: {classes}, {'split' if len(fetched.splits) == 1 else 'splits'} {', '.join(fetched.splits)}")
    say(f"sha256 {fetched.sha256}")
    if fetched.compared_with is None:
        say(f"nothing to compare it with: recorded in {plan.lock_path}, which the next fetch must match")
    else:
        say(f"as {fetched.compared_with} says")
    say(f"next: dataset_root={plan.out} split={fetched.splits[0]} val_split={fetched.splits[-1]}")
