"""Why a training ended near nothing: what its metrics, its settings and its data say, with what to try next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from yolozu.errors import Finding
from yolozu.training.lengthening import lengthened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NEAR_NOTHING = 0.05
"""A score (map50_95, add_s_01d) below it is of no use to anybody."""

STEPS_FROM_NOTHING, STEPS_FROM_WEIGHTS = 800, 200
"""Optimizer steps that the smallest contracts need: that of `yolozu init` learns simple scenes in 800, from nothing."""

FEW_PICTURES = 200
FEW_OBJECTS = 10
"""Objects of a class, on average, below which little can be learned of it."""

STEPS_OF_POSES = 4.0
"""How many times the steps of boxes poses need, at least (docs/explanation/pose.md#measured)."""


@dataclass(frozen=True)
class Ended:
    """A training that has ended.

    Attributes:
        spec: of the train stage, as JSON values.
        counts: of prepare_data: ``classes``, ``train_images``, ``train_instances``.
        train_rows: of its train_metrics.jsonl.
        val_rows: of its val_metrics.jsonl.
        metrics: of the model that it gave.
    """

    spec: Mapping[str, Any]
    counts: Mapping[str, Any]
    train_rows: Sequence[Mapping[str, Any]]
    val_rows: Sequence[Mapping[str, Any]]
    metrics: Mapping[str, float | None]

    @cached_property
    def steps(self) -> int:
        """Optimizer steps."""
        return max((row["meta"]["optim_step"] for row in self.train_rows), default=0)

    @cached_property
    def rates(self) -> list[float]:
        """Learning rate of each logged step, the highest of its parts."""
        rows = (row["metrics"] for row in _of(self.train_rows, "train_step"))
        return [max(value for name, value in row.items() if name.split("_")[0] == "lr") for row in rows]

    @cached_property
    def train_losses(self) -> list[float]:
        """Of epochs; of logged steps where there are few epochs."""
        epochs = _losses(_of(self.train_rows, "train_epoch"))
        return epochs if len(epochs) >= ENOUGH else _losses(_of(self.train_rows, "train_step"))

    @cached_property
    def val_losses(self) -> list[float]:
        """Of validations."""
        return _losses(_of(self.val_rows, "val_"))

    @property
    def has_first_weights(self) -> bool:
        """Whether it began with weights from a file."""
        return self.spec["init"]["init_from"] is not None

    @property
    def wanted_steps(self) -> int:
        """Steps that such a training needs at least."""
        return STEPS_FROM_WEIGHTS if self.has_first_weights else STEPS_FROM_NOTHING


TOO_SHORT, BY_HEART = "YZ519", "YZ521"
ENOUGH = 4
"""Values of a curve from which its course can be told."""


@dataclass(frozen=True)
class Cause:
    """A reason why a training may have ended near nothing.

    Attributes:
        code: of the finding.
        problem: with numbers.
        advice: what to do.
        words: overrides that do it; empty where no key does.
    """

    code: str
    problem: str
    advice: str
    words: tuple[str, ...] = ()

    def finding(self, where: str, command: str) -> Finding:
        """The cause as a warning; ``command`` (``yolozu run run_id=exp``) is what the words are given to."""
        fix = f"{self.advice}: {command} {' '.join(self.words)}" if self.words else self.advice
        return Finding(self.code, where, self.problem, fix, severity="warning")


def ends_near_nothing(metrics: Mapping[str, float | None]) -> bool:
    """Whether boxes, or poses where there are any, are as good as not found."""
    boxes, poses = metrics.get("map50_95"), metrics.get("add_s_01d")
    return boxes is not None and (boxes < NEAR_NOTHING or (poses is not None and poses < NEAR_NOTHING))


def diagnose(ended: Ended) -> list[Cause]:
    """Why a model finds nearly nothing, the likeliest cause first; none where it finds something, or nobody can tell.

    Boxes come first: without them there are no poses.
    """
    if not ends_near_nothing(ended.metrics):
        return []
    boxes, poses = ended.metrics["map50_95"], ended.metrics.get("add_s_01d")
    assert boxes is not None, "it is near nothing"
    if boxes >= NEAR_NOTHING:
        assert poses is not None, "they are near nothing"
        return [_poses_not_learned(ended, boxes, poses)]
    found = [cause for rule in RULES for cause in rule(ended)]
    if any(cause.code == BY_HEART for cause in found):
        found = [cause for cause in found if cause.code != TOO_SHORT]  # more of the same would not help
    unclear = Cause(
        "YZ517",
        f"map50_95 is {boxes:.3f} after {ended.steps} steps, and its metrics do not tell why",
        "find out whether this network can learn these pictures at all: yolozu doctor",
    )
    return found or [unclear]


def _still(ended: Ended) -> Iterator[Cause]:
    """Steps that moved little or nothing."""
    peak, warmup = max(ended.rates, default=0.0), ended.spec["schedule"]["lr_warmup_steps"]
    skipped = len(_of(ended.train_rows, "non_finite"))
    slow = sum(rate < peak / 100 for rate in ended.rates[warmup * len(ended.rates) // max(1, ended.steps) :])
    if ended.rates and peak == 0.0:
        yield Cause("YZ518", f"the learning rate was 0 in all {ended.steps} steps", "set one", ("lr=0.0001",))
    elif ended.steps >= ended.wanted_steps and 2 * warmup >= ended.steps:
        problem = f"the learning rate was still rising in {warmup} of {ended.steps} steps"
        yield Cause("YZ518", problem, "shorten the warm-up", (f"lr_warmup_steps={ended.steps // 10}",))
    elif 2 * slow > len(ended.rates):
        problem = f"the learning rate was below a hundredth of its peak {peak:g} in {slow} of {len(ended.rates)} rows"
        yield Cause("YZ518", problem, "let it fall later", ("scheduler=cosine",))
    if 20 * skipped > ended.steps:
        problem = f"{skipped} of {ended.steps} steps were skipped, because a loss or gradient was not finite"
        yield Cause("YZ518", problem, "take smaller ones", (f"lr={_lr(ended) / 4:g}", "clip_grad_norm=1"))


def _short(ended: Ended) -> Iterator[Cause]:
    """Too few steps, or a loss that was still falling."""
    wanted, warmup = ended.wanted_steps, ended.spec["schedule"]["lr_warmup_steps"]
    before, after = _quarters(ended.val_losses)
    if 0 < ended.steps < wanted:
        start = "weights from a file" if ended.has_first_weights else "random weights"
        warm = f", {warmup} of them to warm up" if warmup else ""
        problem = f"{ended.steps} optimizer steps{warm}, from {start}; small networks need {wanted} and more"
        yield Cause(TOO_SHORT, problem, "train longer", lengthened(ended.spec, factor=wanted / ended.steps))
    elif after < 0.97 * before:
        problem = f"the validation loss was still falling at the end, from {before:.3g} to {after:.3g}"
        yield Cause(TOO_SHORT, problem, "train longer", lengthened(ended.spec, factor=2))


def _flat(ended: Ended) -> Iterator[Cause]:
    """A training loss that did not fall."""
    first, last = _ends(ended.train_losses)
    if max(ended.rates, default=0.0) > 0.0 and last > 0.95 * first:
        problem = f"the training loss did not fall: {first:.3g} in the first steps, {last:.3g} in the last"
        rate = _lr(ended) / 5 if _lr(ended) >= 5e-4 else _lr(ended) * 5
        yield Cause("YZ522", problem, "try another learning rate", (f"lr={rate:g}",))


def _by_heart(ended: Ended) -> Iterator[Cause]:
    """Training pictures that were still learned when nothing more was learned of held-out ones."""
    losses, middle, last = ended.val_losses, _middle(ended.train_losses), _ends(ended.train_losses)[1]
    if len(losses) < ENOUGH:
        return
    early, late = (min(half) for half in (losses[: len(losses) // 2], losses[len(losses) // 2 :]))
    if late < 0.95 * early or not last < 0.85 * middle:
        return
    problem = (
        f"the training pictures were learned by heart: in the second half their loss fell from {middle:.3g} to "
        f"{last:.3g}, that of the held-out ones was {early:.3g} before and {late:.3g} at best"
    )
    augmented = ("hflip_prob=0.5", "hsv_v=0.3", "scale_min=0.7", "scale_max=1.3", "translate=0.1")
    same = all(ended.spec["augment"][key] == AUGMENT_OFF[key] for key in AUGMENT_OFF)
    advice = "vary them" if same else "add pictures, or first weights (init_from), or vary them more"
    yield Cause(BY_HEART, problem, advice, augmented if same else ())


AUGMENT_OFF = {"hflip_prob": 0.0, "hsv_v": 0.0, "scale_min": 1.0, "scale_max": 1.0, "translate": 0.0}


def _few_pictures(ended: Ended) -> Iterator[Cause]:
    """Random first weights and few pictures; classes with few objects."""
    images, objects, classes = (ended.counts.get(key, 0) for key in ("train_images", "train_instances", "classes"))
    if not ended.has_first_weights and 0 < images < FEW_PICTURES:
        problem = f"the network began with random weights and saw {images} pictures"
        advice = "start from weights that know many pictures (yolozu weights), or add some"
        yield Cause("YZ520", problem, advice)
    if classes and objects < FEW_OBJECTS * classes:
        problem = f"{objects} objects of {classes} classes to learn from, {objects / classes:.1f} a class"
        yield Cause("YZ523", problem, f"label {FEW_OBJECTS} and more of each class; yolozu data check counts them")


RULES = (_still, _short, _flat, _by_heart, _few_pictures)


def _poses_not_learned(ended: Ended, boxes: float, poses: float) -> Cause:
    errors = {"rot_deg_median": "{:.0f}°", "t_mm_median": "{:.0f} mm"}
    medians = [form.format(ended.metrics[key]) for key, form in errors.items() if ended.metrics.get(key) is not None]
    problem = (
        f"boxes are found (map50_95 {boxes:.2f}), poses are not: ADD(-S) {poses:.3f}, median errors "
        f"{' and '.join(medians)} after {ended.steps} steps"
    )
    longer = lengthened(ended.spec, factor=STEPS_OF_POSES)
    return Cause(TOO_SHORT, problem, "poses are learned after boxes: train longer", longer)


def _lr(ended: Ended) -> float:
    return float(ended.spec["optim"]["lr"])


def _of(rows: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["meta"]["kind"].startswith(kind)]


def _losses(rows: Sequence[Mapping[str, Any]]) -> list[float]:
    return [row["losses"]["total"] for row in rows if row["losses"].get("total") is not None]


def _ends(curve: Sequence[float]) -> tuple[float, float]:
    """Means of the first and the last tenth (at least one value); NaN where there is too little to tell."""
    if len(curve) < ENOUGH:
        return math.nan, math.nan
    part = max(1, len(curve) // 10)
    return sum(curve[:part]) / part, sum(curve[-part:]) / part


def _middle(curve: Sequence[float]) -> float:
    """Mean of the tenth in the middle; NaN where there is too little to tell."""
    start = len(curve) // 2
    middle = curve[start : start + max(1, len(curve) // 10)]
    return sum(middle) / len(middle) if len(curve) >= ENOUGH else math.nan


def _quarters(curve: Sequence[float]) -> tuple[float, float]:
    """Means of the last quarter but one and of the last one; NaN where there is too little to tell."""
    if len(curve) < ENOUGH:
        return math.nan, math.nan
    part = len(curve) // ENOUGH
    return sum(curve[-2 * part : -part]) / part, sum(curve[-part:]) / part
