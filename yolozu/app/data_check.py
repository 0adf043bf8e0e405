"""What `yolozu data check` says of a data set: rules that it breaks, what is doubtful in it, and its numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from yolozu.app.datasets import checked_splits
from yolozu.app.outputs import require_writable
from yolozu.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from yolozu.data.checking.check import CheckedData, Policy
    from yolozu.data.checking.violations import Violation
    from yolozu.data.statistics import Statistics
    from yolozu.data.survey import Survey, SurveyedImage, SurveyedSplit
    from yolozu.progress import Progress


SHEET_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
MOST_DRAWN = 8
"""Findings of a kind on a sheet: two rows."""


@dataclass(frozen=True)
class FindingKind:
    """Findings of one rule.

    Attributes:
        code: of the rule.
        name: of the rule.
        severity: whether it stops a run.
        by_fix: what mends them -> where they are.
    """

    code: str
    name: str
    severity: Literal["error", "warning"]
    by_fix: dict[str, list[Violation]]

    def __len__(self) -> int:
        return sum(len(violations) for violations in self.by_fix.values())


@dataclass(frozen=True)
class Examination:
    """A data set after a look at everything.

    Attributes:
        checked: rules that it breaks, which a build would tell, too.
        doubts: (name, where) of what is doubtful, which a build does not look for.
        statistics: its numbers.
        num_alike: split -> images that are one photo with an earlier one of that split.
    """

    checked: CheckedData
    doubts: tuple[tuple[str, Violation], ...]
    statistics: Statistics
    num_alike: dict[str, int]

    def kinds(self) -> list[FindingKind]:
        """The findings by rule, in the order of the rules; doubts come last."""
        from yolozu.data.checking.check import fix_of
        from yolozu.data.checking.doubts import DOUBTS
        from yolozu.data.checking.rules import RULES

        kinds = {name: FindingKind(rule.code, name, rule.severity, {}) for name, rule in RULES.items()}
        kinds |= {name: FindingKind(doubt.code, name, "warning", {}) for name, doubt in DOUBTS.items()}
        for name, violation in self.checked.violations:
            kinds[name].by_fix.setdefault(fix_of(name, violation), []).append(violation)
        for name, violation in self.doubts:
            kinds[name].by_fix.setdefault(DOUBTS[name].fix, []).append(violation)
        return [kind for kind in kinds.values() if kind.by_fix]

    def report(self, policy: Policy) -> dict[str, Any]:
        """As `reports/data_check.json` of a run, with doubts among the findings, and with the numbers."""
        from yolozu.data.checking.check import as_json
        from yolozu.data.checking.doubts import DOUBTS

        report = self.checked.report(policy)
        for name, doubt in DOUBTS.items():
            found = [violation for known, violation in self.doubts if known == name]
            if found:
                report["counts"][name] = dict(Counter(violation.split for violation in found))
            report["findings"] += [as_json(name, doubt.code, "warning", violation, doubt.fix) for violation in found]
        for name, count in self.num_alike.items():
            report["splits"][name]["near_duplicates"] = count
        return {**report, "statistics": self.statistics.to_json()}


def examine(root: Path, splits: Sequence[str], image_size_px: int, progress: Progress) -> Examination:
    """A look at splits of the data set at ``root``, all of them if none is named, and at their pictures' likeness.

    Args:
        root: its directory, or the file that describes it.
        splits: their names, training first.
        image_size_px: side of the network input that boxes are held against.
        progress: where the work is shown.

    Raises:
        InputError: there is no such data set or split.
    """
    from yolozu.data.checking.doubts import doubts_about
    from yolozu.data.checking.looked_at import LookedAt
    from yolozu.data.object_table import object_table
    from yolozu.data.statistics import statistics_of

    checked = checked_splits(root, splits, progress)
    table, alike = object_table(checked.survey), _alike(checked.survey, progress)
    doubts = doubts_about(LookedAt(checked.survey, table, image_size_px, alike))
    num_alike = {split.name: _copies(alike, split) for split in checked.survey.splits}
    return Examination(checked, tuple(doubts), statistics_of(checked.survey, table), num_alike)


def _alike(survey: Survey, progress: Progress) -> list[list[tuple[SurveyedSplit, SurveyedImage]]]:
    from yolozu.artifacts.digest import DigestCache
    from yolozu.data.near_duplicates import near_duplicate_groups
    from yolozu.paths import digest_cache_path

    images = list(survey.images())
    with DigestCache(digest_cache_path()) as cache:
        groups = near_duplicate_groups([image.labeled.path for _, image in images], cache=cache, progress=progress)
    return [[images[place] for place in group] for group in groups]


def _copies(alike: list[list[tuple[SurveyedSplit, SurveyedImage]]], split: SurveyedSplit) -> int:
    of_split = (sum(known is split for known, _ in group) for group in alike)
    return sum(max(0, count - 1) for count in of_split)


def require_sheet(sheet: Path | None) -> None:
    """Refuse a file to draw into before there is anything to draw.

    Raises:
        UsageError: YZ274 it has another ending than .jpg or .png, YZ905 it is there already, YZ727 it cannot be made.
    """
    if sheet is None:
        return
    if sheet.suffix.lower() not in SHEET_FORMATS:
        fix = f"name it {sheet.name}.jpg"
        raise UsageError.one("YZ274", where=f"--sheet {sheet}", problem="is no name of a .jpg or .png file", fix=fix)
    if sheet.exists():
        fix = "move it away, or name another file with --sheet"
        raise UsageError.one("YZ905", where=str(sheet), problem="is there already", fix=fix)
    require_writable({"--sheet": sheet})


def draw_findings(examined: Examination, sheet: Path) -> tuple[int, int] | None:
    """Draw the findings that have a picture, a few of each kind.

    Returns:
        How many are drawn, and how many there are with a picture; None where there are none, and so no sheet.

    Raises:
        YolozuError: a picture cannot be read, or the file not be written.
    """
    from yolozu.artifacts.atomic_files import explaining_write_errors
    from yolozu.artifacts.jsonio import atomic_replacement
    from yolozu.data.checking.sheet import Section, can_be_shown, findings_sheet

    sections, total = [], 0
    for kind in examined.kinds():
        found = [one for violations in kind.by_fix.values() for one in violations if can_be_shown(one)]
        drawn = found[:MOST_DRAWN]
        count = f"{len(drawn)} of {len(kind)}" if len(drawn) < len(kind) else str(len(kind))
        total += len(found)
        if drawn:
            sections.append(Section(f"{kind.code} {kind.name}: {count}", kind.code, drawn))
    if not sections:
        return None
    image = findings_sheet(sections)
    with explaining_write_errors(sheet), atomic_replacement(sheet) as aside:
        image.save(aside, SHEET_FORMATS[sheet.suffix.lower()], quality=90)
    return sum(len(section.violations) for section in sections), total
