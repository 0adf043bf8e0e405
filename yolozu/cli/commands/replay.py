"""`yolozu replay`: the step that ended a training, computed again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from yolozu.artifacts.jsonio import pretty
from yolozu.cli.options import Json
from yolozu.cli.render import counted, say, say_json
from yolozu.errors import EXIT_DONE, EXIT_REFUSED

if TYPE_CHECKING:
    from yolozu.training.non_finite.locate import Anomaly
    from yolozu.training.non_finite.replay import Replay

THINGS = {"loss": "the loss is not a finite number", "grad": "the gradient is not a finite number"}


def replay(
    bundle: Annotated[Path, typer.Argument(help="A run's reports/black_box/step-….pt.", metavar="BUNDLE")],
    *,
    amp: Annotated[
        Literal["none", "bf16", "fp16"] | None, typer.Option(help="Precision; left out, that of the training.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda or cuda:N; left out, that of the training.", metavar="DEVICE")
    ] = None,
    as_json: Json = False,
) -> int:
    """Compute the step once more, from the bundle alone, and look at every module.

    Exit 0 when everything is finite now, 1 when it is not.
    """
    from yolozu.training.non_finite.replay import replay as repeat

    found = repeat(bundle, amp=amp, device=device)
    if as_json:
        say_json(pretty(found.to_json()), end="")
    else:
        say("\n".join(lines(bundle, found)))
    return EXIT_DONE if found.recomputed.non_finite is None else EXIT_REFUSED


def lines(path: Path, found: Replay) -> list[str]:
    """What a replay found, for people."""
    bundle, recomputed = found.bundle, found.recomputed
    seen, recorded = bundle.circumstances, bundle.finding
    return [
        f"{path}: optimizer step {seen.step} of {seen.total_steps}, seed {seen.seed}, trained on {seen.device} "
        f"with {counted(seen.threads, 'thread')}",
        f"  recorded: {THINGS[recorded.non_finite]}, on {', '.join(recorded.images)}",
        *([] if recorded.anomaly is None else [f"            {recorded.anomaly.description}"]),
        f"  replayed on {found.device} with amp {found.amp}:",
        *_losses(found),
        *([] if recomputed.grad_norm is None else [f"    gradient norm {recomputed.grad_norm:.6g}"]),
        *_broken("weights", found.non_finite_weights),
        *_broken("optimizer state", found.non_finite_optimizer),
        *([] if recomputed.anomaly is None else _place(recomputed.anomaly)),
        _verdict(path, found),
    ]


def _losses(found: Replay) -> list[str]:
    texts = []
    for part, names, terms in zip(found.bundle.parts, found.bundle.names, found.recomputed.losses, strict=True):
        process = f", process {part.rank}" if part.share.of > len(names) else ""
        texts.append(f"    batch {part.place + 1}{process}: {', '.join(names)}")
        values = "  ".join(f"{name} {value:.6g}" for name, value in terms.items())
        texts.append(f"      {values or 'no loss: the outputs cannot be matched'}")
    return texts


def _broken(what: str, names: tuple[str, ...]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return [f"    {what} that were not finite before the step: {', '.join(names[:3])}{more}"]


def _place(anomaly: Anomaly) -> list[str]:
    batch = f" (batch {anomaly.batch})" if anomaly.batch else ""
    width = max((len(name) for name in anomaly.values), default=0)
    values = [f"      {name:<{width}}  {seen.render()}" for name, seen in anomaly.values.items()]
    return [f"    first: {anomaly.description}{batch}", *values]


def _verdict(path: Path, found: Replay) -> str:
    now = found.recomputed.non_finite
    if now is None:
        return "finite: the step could be taken"
    if now != found.bundle.finding.non_finite:
        return f"not finite, but in another way: {THINGS[now]}"
    elsewhere = "" if found.same_place else ", though first at another place"
    hint = "" if found.amp == "none" else f"; yolozu replay {path} --amp none tells whether precision is the cause"
    return f"reproduced{elsewhere}{hint}"
