"""Whether a surveyed data set can be used, and what is left of it when its flaws are left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from yolozu.contract.text.node import printable
from yolozu.data.checking.rules import RULES
from yolozu.data.checking.violations import Violation
from yolozu.data.survey import Survey, SurveyedImage, SurveyedSplit
from yolozu.errors import Finding, GateFailed

SCHEMA_VERSION = 1
MOST_SHOWN = 20
"""Findings an error message spells out; the report holds all."""

Policy = Literal["fail", "warn", "drop"]


@dataclass(frozen=True)
class CheckedData:
    """A survey with its findings.

    Attributes:
        survey: what was looked at.
        violations: (name of the rule, violation) in the order of the rules.
    """

    survey: Survey
    violations: tuple[tuple[str, Violation], ...]

    @property
    def clean(self) -> bool:
        """Whether no error was found; warnings do not count."""
        return all(RULES[rule].severity == "warning" for rule, _ in self.violations)

    @property
    def num_models(self) -> int:
        """Classes whose shape is known; a ``models_info.json`` alone states sizes and symmetries of others."""
        return sum(len(model.points_V3) > 0 for model in self.survey.models.by_class.values())

    def findings(self) -> list[Finding]:
        """A finding for each violation."""
        return [
            Finding(RULES[rule].code, violation.where, violation.problem, fix_of(rule, violation), RULES[rule].severity)
            for rule, violation in self.violations
        ]

    @property
    def loud(self) -> list[Finding]:
        """The warnings that a build spells out."""
        return [
            finding for (rule, _), finding in zip(self.violations, self.findings(), strict=True) if RULES[rule].loud
        ]

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
        counts = Counter(rule for rule, _ in self.violations)
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
        left_out = _left_out(self.violations, policy, NEVER_EVALUATED if evaluated else NEVER_USED)
        unposed = _left_out(self.violations, policy, UNPOSED) - left_out if evaluated else set()
        kept = (image for image in split.images if id(image) not in left_out)
        return tuple(_without(image, left_out, unposed) for image in kept)

    def not_evaluated(self, split: SurveyedSplit) -> list[str]:
        """What of the labels predictions cannot be held against, in sentences; empty where everything counts."""
        images = sum(
            violation.split == split.name
            for rule, violation in self.violations
            if rule in {"name_no_text", "unreadable_image"}
        )
        labels = Counter(
            rule for rule, violation in self.violations if violation.split == split.name and rule in NO_OBJECT
        )
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
            "counts": _counts(self.violations),
            "findings": [
                as_json(rule, RULES[rule].code, RULES[rule].severity, violation, fix_of(rule, violation))
                for rule, violation in self.violations
            ],
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
    return CheckedData(
        survey, tuple((name, violation.in_a_line()) for name, rule in RULES.items() for violation in rule.find(survey))
    )


def fix_of(rule: str, violation: Violation) -> str:
    """What mends a violation: what the data tell, else what the rule says."""
    return RULES[rule].fix if violation.fix is None else violation.fix


UNPOSED = frozenset({"improper_rotation", "behind_camera"})
"""Rules whose violations have no pose, whatever their labels say."""

NEVER_EVALUATED = frozenset({"name_no_text", "unreadable_image", "class_out_of_range"})
"""Rules whose violations no prediction can be held against whatever the policy says."""

NEVER_USED = NEVER_EVALUATED | UNPOSED | {"degenerate_box"}
"""Rules whose violations cannot be trained on whatever the policy says."""

NO_OBJECT = frozenset({"malformed_label", "non_integer_class", "class_out_of_range", "malformed_pose"})
"""Rules whose violations are labels of which a reader could make no object."""


def _left_out(violations: Iterable[tuple[str, Violation]], policy: Policy, rules: frozenset[str]) -> set[int]:
    """Identities of images and instances that are not used."""
    concerned = [violation for rule, violation in violations if policy == "drop" or rule in rules]
    instances = {id(violation.instance) for violation in concerned if violation.instance is not None}
    return instances | {id(violation.image) for violation in concerned if violation.whole_image}


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


def _counts(violations: Iterable[tuple[str, Violation]]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for rule, violation in violations:
        by_split = counts.setdefault(rule, {})
        by_split[violation.split] = by_split.get(violation.split, 0) + 1
    return counts


def as_json(rule: str, code: str, severity: str, violation: Violation, fix: str) -> dict[str, Any]:
    """A finding as reports hold it."""
    return {
        "rule": rule,
        "code": code,
        "severity": severity,
        "split": violation.split,
        "image": printable(violation.image.labeled.image) if violation.image is not None else None,
        "where": violation.where,
        "problem": violation.problem,
        "hint": fix,
    }
