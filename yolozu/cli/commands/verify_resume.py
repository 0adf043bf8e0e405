"""`yolozu verify-resume`: kill a contract's training again and again, and compare it with one that nobody disturbed."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.app.sessions import session_for
from yolozu.cli.flags import contract_flags
from yolozu.cli.render import say, say_json, show_findings
from yolozu.contract.overrides import Override
from yolozu.errors import EXIT_DONE, EXIT_REFUSED
from yolozu.progress import on_stderr

if TYPE_CHECKING:
    from yolozu.engine.verify_resume.proof import Proof

Words = Annotated[
    list[str] | None,
    typer.Argument(
        help="A contract file and KEY=VALUE pairs; run_id=… takes the contract of a run, with what it remembers.",
        metavar="CONFIG|KEY=VALUE",
    ),
]


@contract_flags
def verify_resume(
    words: Words = None,
    *,
    kills: Annotated[int, typer.Option(min=1, help="How often to kill the training.")] = 3,
    steps: Annotated[int, typer.Option(min=2, help="Most optimizer steps to train.")] = 40,
    kill_seed: Annotated[int, typer.Option(help="Seed of the moments at which it is killed.")] = 0,
    keep: Annotated[bool, typer.Option("--keep", help="Keep both trainings, also where they are equal.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; the lines on the way go to stderr.")] = False,
    overrides: list[Override],
) -> int:
    """Prove that a killed training resumes exactly: train twice, once with SIGKILLs at random moments, and compare.

    Compares best.pt, last.pt and all metrics but the clock's. Exits 0 when they are equal, 1 with the first difference.
    """
    from yolozu.engine.verify_resume.proof import BuildFailedError, Wish
    from yolozu.engine.verify_resume.proof import verify_resume as prove

    session, _ = session_for(words, None, overrides, strict=False, may_begin=False, progress=on_stderr)
    show_findings(session.loaded.warnings)
    stream = sys.stderr if as_json else sys.stdout
    wish = Wish(session.loaded, kills=kills, steps=steps, kill_seed=kill_seed, keep=keep)
    try:
        proof = prove(wish, lambda line: say(line, file=stream, flush=True))
    except BuildFailedError as failed:
        say(failed.said, file=sys.stderr)
        return failed.exit_code
    if as_json:
        say_json(json.dumps(as_json_values(proof, wish.kill_seed), indent=2))
    else:
        say("\n".join(told(proof)))
    return EXIT_DONE if proof.equal else EXIT_REFUSED


def told(proof: Proof) -> list[str]:
    """The outcome in lines."""
    plural = "" if len(proof.kills) == 1 else "s"
    kills = f"{len(proof.kills)} kill{plural}, at step{plural} {', '.join(str(kill.step) for kill in proof.kills)}"
    kept = [] if proof.directory is None else [f"both trainings are in {proof.directory}"]
    if proof.difference is None:
        return [f"bit-equal: {kills}", *kept]
    found = proof.difference
    lines = [f"not equal: {kills}", f"first difference: {proof.file}", f"  {found.place}"]
    lines += [f"  undisturbed  {found.first}", f"  killed       {found.second}"]
    lines += [] if found.extent is None else [f"  {line}" for line in found.extent.splitlines()]
    return [*lines, *(f"also different: {path}" for path in proof.others), *kept]


def as_json_values(proof: Proof, kill_seed: int) -> dict[str, Any]:
    """The outcome for programs."""
    return {
        "equal": proof.equal,
        "steps": proof.steps,
        "kill_seed": kill_seed,
        "kills": [dataclasses.asdict(kill) for kill in proof.kills],
        "changed": {entry.key: {"old": entry.old, "new": entry.new} for entry in proof.changed},
        "file": proof.file,
        "difference": None if proof.difference is None else dataclasses.asdict(proof.difference),
        "other_files": list(proof.others),
        "undisturbed_s": round(proof.undisturbed_s, 1),
        "killed_s": round(proof.killed_s, 1),
        "directory": None if proof.directory is None else str(proof.directory),
    }
