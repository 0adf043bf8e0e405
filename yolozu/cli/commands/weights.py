"""`yolozu weights`: first weights that others have published."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from yolozu.app.published_weights import get_weights, weight_rows
from yolozu.cli.options import Json
from yolozu.cli.render import table

HERE = {True: "yes", False: "no", None: "?"}


def list_weights(*, as_json: Json = False) -> None:
    """Published weights by the names that `init_from` knows. Nothing is fetched."""
    rows = weight_rows()
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    header = ("init_from", "MB", "trained on", "contract", "here")
    cells = [
        (row["name"], f"{row['size_mb']:g}", row["trained_on"], row["contract"], HERE[row["here"]]) for row in rows
    ]
    print(table(header, cells))
    print("all are Apache-2.0; --json shows addresses, commits and digests")
    if any(row["here"] is None for row in rows):
        print("to fetch them: pip install 'yolozu[hub]'")
    print(f"next: yolozu init --from {rows[0]['name']}")


def get(name: Annotated[str, typer.Argument(help="Name of the weights.", metavar="NAME")]) -> None:
    """Fetch published weights into the cache of Hugging Face, and compare their digest; a cut fetch goes on.

    A build that starts from them does this by itself; here it is done beforehand.
    """
    print(get_weights(name, lambda line: print(line, file=sys.stderr)))
