"""A scenario suite as test cases: one a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yolozu.app.ci.cases import Case, Results

if TYPE_CHECKING:
    from collections.abc import Mapping

SUITE = "scenarios"


def suite_results(report: Mapping[str, Any], output: str, seconds: float) -> Results:
    """What a report of `yolozu test` tells; a scenario that was not measured is skipped, with the reason.

    Args:
        report: the JSON object.
        output: the file that it was written to.
        seconds: the command took.
    """
    data, adapter = report["dataset"], report["adapter"]["name"]
    rows = [report["clean"], report["reference"], *report["scenarios"]]
    return Results(
        name=SUITE,
        headline=f"{data['root']} {data['split']}: {data['images']} images, adapter {adapter}",
        cases=tuple(_case(row) for row in rows if row is not None),
        seconds=seconds,
        metrics={name: report["clean"][name] for name in ("map50_95", "map50", "recall", "add_s_01d")},
        files=[("report", output)],
    )


def _case(row: Mapping[str, Any]) -> Case:
    if row["map50_95"] is None:
        reason = row["reasons"].get("map50_95", "not measured")
        return Case(SUITE, row["name"], "skipped", message=reason)
    seconds = row["images"] / row["fps"] if row["fps"] else 0.0
    said = f"map50_95 {row['map50_95']:.4f} on {row['images']} images"
    return Case(SUITE, row["name"], "passed", seconds, message=said)
