"""`yolozu weights`: first weights, published ones and those of one's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from yolozu.app.building import build_shown
from yolozu.app.outputs import require_makeable
from yolozu.app.packed_weights import PACKED_AFTER, pack_weights
from yolozu.app.published_weights import get_weights, weight_rows
from yolozu.app.sessions import session_for
from yolozu.cli.flags import unlisted_contract_flags
from yolozu.cli.options import Config, Json, RunDir, RunId, RunWords
from yolozu.cli.render import say, say_json, table
from yolozu.contract.overrides import Override
from yolozu.engine.view.live import view_for
from yolozu.errors import EXIT_DONE
from yolozu.progress import on_stderr

HERE = {True: "yes", False: "no", None: "?"}


def list_weights(*, as_json: Json = False) -> None:
    """Published weights by the names that `init_from` knows. Nothing is fetched."""
    rows = weight_rows()
    if as_json:
        say_json(json.dumps(rows, indent=2))
        return
    header = ("init_from", "MB", "trained on", "contract", "here")
    cells = [
        (row["name"], f"{row['size_mb']:g}", row["trained_on"], row["contract"], HERE[row["here"]]) for row in rows
    ]
    say(table(header, cells))
    say("all are Apache-2.0; --json shows addresses, commits and digests")
    if any(row["here"] is None for row in rows):
        say("to fetch them: pip install 'yolozu[hub]'")
    say(f"next: yolozu init --from {rows[0]['name']}")


def get(name: Annotated[str, typer.Argument(help="Name of the weights.", metavar="NAME")]) -> None:
    """Fetch published weights into the cache of Hugging Face, and compare their digest; a cut fetch goes on.

    A build that starts from them does this by itself; here it is done beforehand.
    """
    say(get_weights(name, lambda line: say(line, file=sys.stderr)))


@unlisted_contract_flags
def make(
    words: RunWords = None,
    run_id: RunId = None,
    run_dir: RunDir = None,
    config: Config = None,
    *,
    out: Annotated[Path, typer.Option(help="Directory of the weights; made when missing.", metavar="DIR")] = Path(
        "weights"
    ),
    overrides: list[Override],
) -> int:
    """Train what is not trained yet, and pack a run's best weights into a file to hand on: DIR/RUN.pt.

    Nothing of the training is in it. Beside it are its SHA-256 and a card: data, classes, numbers, how to start.
    Of a finished run (run_id=exp01) nothing is built.
    """
    session, _ = session_for(words, run_id, overrides, run_dir=run_dir, config=config, progress=on_stderr)
    require_makeable("--out", out)
    code = build_shown(session, PACKED_AFTER, view_for(), resume=False)
    if code != EXIT_DONE:
        return code
    made = pack_weights(session, out)
    say(f"{made.path}: {made.size / 1e6:.1f} MB")
    say(f"sha256 {made.sha256}")
    say(f"beside it: {', '.join(path.name for path in made.others)}")
    say(f"next: init_from={made.path} head_init=remap")
    return EXIT_DONE
