"""Why two runs differ, on a page: a section a layer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from yolozu.report.markup import Markup, element, joined
from yolozu.report.page import Section, note, page, table, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yolozu.report.markup import Child

LAYERS = {
    "contract": "Contract",
    "operations": "Operations",
    "data": "Data",
    "code": "Code",
    "environment": "Environment",
    "metrics": "Metrics",
}
"""Layers that are tables of two values -> titles, in order; stages and training stand before metrics."""

SAME = "Nothing differs here."


def run_differences_page(report: Mapping[str, Any]) -> str:
    """The page of what `yolozu compare-runs` reports as JSON."""
    lead: list[Child] = [f"{side.upper()}: {report[side]['run']} ({report[side]['directory']})" for side in ("a", "b")]
    lead.append("They differ." if report["differ"] else "Contract, data and results are equal, but for times.")
    sections = [Section(layer, title, _layer(report[layer], title)) for layer, title in LAYERS.items()]
    sections[-1:-1] = [Section("stages", "Stages", _stages(report["stages"]))]
    if report["training"] is not None:
        sections[-1:-1] = [Section("training", "Training", _training(report["training"]))]
    if report["causes"]:
        sections.insert(0, Section("causes", "Likely causes", _causes(report["causes"])))
    said = [warning(f"{one['where']} {one['problem']}") for one in report["findings"]]
    return page(f"{report['a']['run']} and {report['b']['run']}", [*lead, *said], sections)


def _layer(rows: Sequence[Mapping[str, Any]], title: str) -> Markup:
    if not rows:
        return note(SAME)
    staged = any(row["stages"] for row in rows)
    cells: list[list[Child]] = [
        [row["name"], _shown(row["a"]), _shown(row["b"]), *([", ".join(row["stages"])] if staged else [])]
        for row in rows
    ]
    return table(["", "A", "B", *(["stages"] if staged else [])], cells, name=title, texts=4)


def _stages(stages: Sequence[Mapping[str, Any]]) -> Markup:
    rows: list[list[Child]] = [
        [one["stage"], one["outcome"], _reason(one), ", ".join(output["name"] for output in one["outputs"])]
        for one in stages
    ]
    return table(["stage", "results", "for", "files"], rows, name="Stages", texts=4)


def _reason(stage: Mapping[str, Any]) -> str:
    if stage["outcome"] == "differs" and not stage["expected"]:
        return "no reason in keys, inputs or version"
    return ", ".join(stage["because"])


def _training(training: Mapping[str, Any]) -> Markup:
    because = ", ".join(training["because"])
    said = "Keys, inputs, seed and version are the same." if training["should_be_equal"] else f"Differs in {because}."
    rows = [
        *_parted("steps", training["compared_rows"], training["first_step"]),
        *_parted("validation", training["compared_validations"], training["first_validation"]),
        *([one["name"], "differs", _shown(one["a"]), _shown(one["b"])] for one in training["checkpoints"]),
    ]
    resumed = [
        note(f"{side} went on at step {step} in another process.")
        for side, step in zip("AB", training["resumed_at"], strict=True)
        if step is not None
    ]
    return joined(note(said), table(["", "first difference", "A", "B"], rows, name="Training", texts=4), *resumed)


def _parted(title: str, compared: int, first: Mapping[str, Any] | None) -> Iterator[list[Child]]:
    if first is None:
        yield [title, f"none in {compared} rows that both have", "", ""]
        return
    since = "the first row" if first["last_equal"] is None else f"equal up to step {first['last_equal']}"
    yield [title, f"step {first['step']} ({since}): {first['name']}", repr(first["a"]), repr(first["b"])]


def _causes(causes: Sequence[Mapping[str, Any]]) -> Markup:
    told = (
        ", ".join(f"{row['name']} {_shown(row['a'])} → {_shown(row['b'])}" for row in cause["differences"])
        for cause in causes
    )
    lines = (
        f"{values}: {cause['text']}" if values else cause["text"] for values, cause in zip(told, causes, strict=True)
    )
    return element("ol", *(element("li", line) for line in lines))


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "–" if value is None else json.dumps(value, ensure_ascii=False)
