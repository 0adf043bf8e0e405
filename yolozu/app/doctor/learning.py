"""Will it learn: eight pictures by heart, labels that belong to their pictures, no loss that drowns the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.app.doctor.verdicts import Verdict
from yolozu.engine.first_weights import fetch_first_weights
from yolozu.errors import YolozuError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yolozu.app.doctor.stages import Bench
    from yolozu.app.doctor.trials import Trial

LEARNED_MAP50 = 0.5
"""On the eight pictures: by then it is clear that the rest is a matter of time."""

FALLEN = 0.8
"""What the loss has to fall below, relative to its first value, to be falling."""

TELLING_STEPS = 100
"""Steps after which eight pictures that are not learned say something."""

BELONGING = 0.02
"""How much lower the held-out loss has to be with the right labels, relative to that with shuffled ones."""

ANOTHER_RATE = "try a fifth of lr, and five times as much; or start from weights that know pictures (yolozu weights)"

DROWNING, DROWNED = 0.9, 0.001
"""Share of the gradient above which one loss leaves nothing to the others, and below which one counts for nothing."""


def learning_verdicts(bench: Bench, *, minutes: float, say: Callable[[str], None]) -> list[Verdict]:
    """Train on the bench's data for ``minutes``: a probe, eight pictures, right labels, shuffled labels."""
    from yolozu.app.doctor.gradients import gradient_shares
    from yolozu.app.doctor.trials import (
        HELD_OUT_IMAGES,
        IMAGES,
        MOST_STEPS,
        PAIRED_IMAGES,
        PROBE_STEPS,
        shuffled,
        train,
        with_objects,
    )
    from yolozu.data.index import DataIndex

    whole, val = (DataIndex.read(bench.root / f"data/{name}.json") for name in ("train", "val"))
    few = with_objects(whole, IMAGES)
    budget = 60.0 * minutes
    try:
        fetch_first_weights(bench.session, ["train"], say)
        probe = train(bench, few, few, steps=PROBE_STEPS, name="probe")
    except YolozuError as error:
        return [Verdict("training", "wrong", found.problem, f"{found.where}: {found.fix}") for found in error.findings]
    steps = max(PROBE_STEPS, min(MOST_STEPS, int(0.5 * budget / probe.step_s)))
    say(f"a step takes {probe.step_s:.2f} s; learning {len(few)} pictures by heart, in up to {steps} steps")
    heart = train(bench, few, few, steps=steps, seconds=0.75 * budget, name="heart")
    shares = gradient_shares(bench, few, name="heart")
    held_out = with_objects(val, HELD_OUT_IMAGES)
    paired = with_objects(whole, PAIRED_IMAGES, without=held_out.records)
    verdicts = [by_heart(heart, len(few), minutes=minutes), gradients(shares, heart.steps)]
    if len(paired) < 2 or not len(held_out):
        return verdicts
    steps = max(PROBE_STEPS, min(MOST_STEPS // 2, int(0.25 * budget / probe.step_s)))
    say(f"right labels against shuffled ones: {len(paired)} pictures, {steps} steps each")
    right = train(bench, paired, held_out, steps=steps, seconds=0.4 * budget, name="right")
    wrong = train(bench, shuffled(paired), held_out, steps=right.steps, seconds=0.4 * budget, name="shuffled")
    return [*verdicts, control(right, wrong, len(held_out), minutes=minutes)]


def by_heart(trial: Trial, images: int, *, minutes: float) -> Verdict:
    """Whether the network can learn a few pictures, measured on the same ones."""
    best = max((score for score in trial.map50 if score is not None), default=0.0)
    first, last = trial.train_losses[0], trial.train_losses[-1]
    said = f"mAP50 {best:.2f} on {images} pictures after {trial.steps} steps, loss {first:.3g} → {last:.3g}"
    longer = f"give it more time: --minutes {2 * minutes:g}"
    if best >= LEARNED_MAP50:
        return Verdict("learns", "ok", said)
    if last < FALLEN * first:
        return Verdict("learns", "warning", f"{said}: it does, and is not done", longer)
    if trial.steps < TELLING_STEPS:
        return Verdict("learns", "warning", f"{said}: too few steps to tell", longer)
    return Verdict("learns", "wrong", said, ANOTHER_RATE)


def control(right: Trial, wrong: Trial, images: int, *, minutes: float) -> Verdict:
    """Whether right labels teach more of other pictures than shuffled ones: else they do not belong to their own."""
    longer = f"give it more time: --minutes {2 * minutes:g}"
    if not (right.val_losses and wrong.val_losses):
        return Verdict("labels", "warning", f"the time was over after {right.steps} steps, before a validation", longer)
    with_right, with_wrong = min(right.val_losses), min(wrong.val_losses)
    said = (
        f"loss on {images} held-out pictures after {right.steps} steps: {with_right:.3g}, with shuffled labels "
        f"{with_wrong:.3g}"
    )
    if with_right < (1.0 - BELONGING) * with_wrong:
        return Verdict("labels", "ok", said)
    return Verdict(
        "labels", "warning", f"{said}: no better, so far", f"look at labels beside their pictures; or {longer}"
    )


def gradients(shares: Mapping[str, float], steps: int) -> Verdict:
    """Whether every loss has a say."""
    ordered = sorted(shares.items(), key=lambda entry: -entry[1])
    said = f"after {steps} steps: " + ", ".join(f"{name} {100 * share:.0f}%" for name, share in ordered)
    largest, share = ordered[0]
    if share > DROWNING and len(ordered) > 1:
        advice = f"lower loss_weights.{largest} if it was raised; with its default it may lead early in a training"
        return Verdict("gradients", "warning", said, advice)
    silent = [name for name, share in ordered if share < DROWNED]
    if silent:
        return Verdict(
            "gradients", "warning", said, f"without a say: {', '.join(silent)}; raise loss_weights, or drop them"
        )
    return Verdict("gradients", "ok", said)
