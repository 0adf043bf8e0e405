"""Whether a surveyed data set can be used, and what is left of it when its flaws are left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from yolozu.contract.text.node import printable
from yolozu.data.checking.hits import Hit
from yolozu.data.checking.rules import RULES
from yolozu.data.survey import Survey, SurveyedImage, SurveyedSplit
from yolozu.errors import Finding, GateFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA_VERSION = 1
MOST_SHOWN = 20
"""Findings an error message spells out; the report holds all."""

Policy = Literal["fail", "warn", "drop"]


@dataclass(frozen=True)
class CheckedData:
    """A survey with its findings.

    Attributes:
        survey: what was looked at.
        hits: (name of the rule, hit) in the order of the rules.
    """

    survey: Survey
    hits: tuple[tuple[str, Hit], ...]

    @property
    def clean(self) -> bool:
        """Whether no error was found; warnings do not count."""
        return all(RULES[rule].severity == "warning" for rule, _ in self.hits)

    @property
    def num_models(self) -> int:
        """Classes whose shape is known; a ``models_info.json`` alone states sizes and symmetries of others."""
        return sum(len(model.points_V3) > 0 for model in self.survey.models.by_class.values())

    def findings(self) -> list[Finding]:
        """A finding for each hit."""
        return [
            Finding(RULES[rule].code, hit.where, hit.problem, fix_of(rule, hit), RULES[rule].severity)
            for rule, hit in self.hits
        ]

    @property
    def loud(self) -> list[Finding]:
        """The warnings that a build spells out."""
        return [finding for (rule, _), finding in zip(self.hits, self.findings(), strict=True) if RULES[rule].loud]

    def refusal(self, more: str) -> GateFailed:
        """The error that names the first findings; ``more`` says where the others are."""
        findings = [finding for finding in self.findings() if finding.severity == "error"]
        shown = findings[:MOST_SHOWN]
        if len(findings) > MOST_SHOWN:
            rest = f"and {len(findings) - MOST_SHOWN} more findings: {self.summary()}"
            shown.append(Finding("YZ210", str(self.survey.layout.root), rest, more))
        return GateFailed(shown)

    def summary(self) -> str:
        """How often each rule was broken, in a line."""
        counts = Counter(rule for rule, _ in self.hits)
        return ", ".join(f"{counts[rule]} × {rule}" for rule in RULES if counts[rule])

    def usable(self, split: SurveyedSplit, policy: Policy, *, evaluated: bool = False) -> tuple[SurveyedImage, ...]:
        """The split's images and instances that are used.

        An image that cannot be read, a label that names no class or no box, and an object whose pose has no rotation or
        is behind the camera are never used; with ``drop``, nothing that was found wanting is.

        Args:
            split: of the survey.
            policy: what becomes of findings.
            evaluated: whether predictions are held against them: a box without width or height is then an object that
                was missed, as in pycocotools, and an object whose pose is none is one without a pose.
        """
        left_out = _left_out(self.hits, policy, NEVER_EVALUATED if evaluated else NEVER_USED)
        unposed = _left_out(self.hits, policy, UNPOSED) - left_out if evaluated else set()
        kept = (image for image in split.images if id(image) not in left_out)
        return tuple(_without(image, left_out, unposed) for image in kept)

    def not_evaluated(self, split: SurveyedSplit) -> list[str]:
        """What of the labels predictions cannot be held against, in sentences; empty where everything counts."""
        images = sum(hit.split == split.name for rule, hit in self.hits if rule in {"name_no_text", "unreadable_image"})
        labels = Counter(rule for rule, hit in self.hits if hit.split == split.name and rule in NO_OBJECT)
        said = [f"{images} images cannot be read and are left out, with their objects"] if images else []
        if labels:
            kinds = ", ".join(f"{count} × {rule}" for rule, count in labels.items())
            said.append(f"{labels.total()} labels are no objects and are left out: {kinds}")
        return said

    def report(self, policy: Policy, dataset_root: str | None = None) -> dict[str, Any]:
        """What ``reports/data_check.json`` holds; ``dataset_root`` is what the user calls the data, if not its path."""
        return {
            "schema_version": SCHEMA_VERSION,
            "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
            "dataset_root": str(self.survey.layout.root) if dataset_root is None else dataset_root,
            "policy": policy,
            "passed": self.clean or policy != "fail",
            "classes": len(self.survey.classes),
            "models": self.num_models,
            "splits": {split.name: self._counts_of(split, policy) for split in self.survey.splits},
            "counts": _counts(self.hits),
            "findings": [_as_json(rule, hit) for rule, hit in self.hits],
            "notes": [printable(note) for note in self.survey.notes],
        }

    def _counts_of(self, split: SurveyedSplit, policy: Policy) -> dict[str, int]:
        used = self.usable(split, policy)
        instances, used_instances = _num_instances(split.images), _num_instances(used)
        return {
            "images": len(split.images),
            "images_used": len(used),
            "images_without_labels": sum(not image.labeled.has_labels for image in split.images),
            "images_repeated": len(split.images) - len({image.sha256 for image in split.images}),
            "instances": instances,
            "instances_used": used_instances,
            "instances_with_pose": sum(
                item.pose is not None for image in split.images for item in image.labeled.instances
            ),
            "images_with_camera": sum(image.labeled.camera is not None for image in split.images),
            "crowd_regions": sum(item.is_crowd for image in split.images for item in image.labeled.instances),
        }


def check(survey: Survey) -> CheckedData:
    """Apply every rule."""
    return CheckedData(survey, tuple((name, _shown(hit)) for name, rule in RULES.items() for hit in rule.find(survey)))


def _shown(hit: Hit) -> Hit:
    """The hit on one line, as names of files may hold anything."""
    if hit.where.isprintable() and hit.problem.isprintable():
        return hit
    return replace(hit, where=printable(hit.where), problem=printable(hit.problem))


def fix_of(rule: str, hit: Hit) -> str:
    """What mends a hit: what the data tell, else what the rule says."""
    return RULES[rule].fix if hit.fix is None else hit.fix


UNPOSED = frozenset({"improper_rotation", "behind_camera"})
"""Rules whose hits have no pose, whatever their labels say."""

NEVER_EVALUATED = frozenset({"name_no_text", "unreadable_image", "class_out_of_range"})
"""Rules whose hits no prediction can be held against whatever the policy says."""

NEVER_USED = NEVER_EVALUATED | UNPOSED | {"degenerate_box"}
"""Rules whose hits cannot be trained on whatever the policy says."""

NO_OBJECT = frozenset({"malformed_label", "non_integer_class", "class_out_of_range", "malformed_pose"})
"""Rules whose hits are labels of which a reader could make no object."""


def _left_out(hits: Iterable[tuple[str, Hit]], policy: Policy, rules: frozenset[str]) -> set[int]:
    """Identities of images and instances that are not used."""
    concerned = [hit for rule, hit in hits if policy == "drop" or rule in rules]
    instances = {id(hit.instance) for hit in concerned if hit.instance is not None}
    return instances | {id(hit.image) for hit in concerned if hit.whole_image}


def _without(image: SurveyedImage, left_out: set[int], unposed: set[int]) -> SurveyedImage:
    kept = tuple(
        replace(instance, pose=None) if id(instance) in unposed else instance
        for instance in image.labeled.instances
        if id(instance) not in left_out
    )
    if kept == image.labeled.instances:
        return image
    return replace(image, labeled=replace(image.labeled, instances=kept))


def _num_instances(images: Iterable[SurveyedImage]) -> int:
    return sum(len(image.labeled.instances) for image in images)


def _counts(hits: Iterable[tuple[str, Hit]]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for rule, hit in hits:
        by_split = counts.setdefault(rule, {})
        by_split[hit.split] = by_split.get(hit.split, 0) + 1
    return counts


def _as_json(rule: str, hit: Hit) -> dict[str, Any]:
    return {
        "rule": rule,
        "code": RULES[rule].code,
        "severity": RULES[rule].severity,
        "split": hit.split,
        "image": printable(hit.image.labeled.image) if hit.image is not None else None,
        "where": hit.where,
        "problem": hit.problem,
        "hint": fix_of(rule, hit),
    }
