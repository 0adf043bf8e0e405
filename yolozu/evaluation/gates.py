"""Requirements on metrics: ``{map50_95: ">= 0.3"}``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping

from yolozu.errors import ContractError, Finding
from yolozu.evaluation.pose.registry import POSE_METRICS
from yolozu.registry import nearest

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


def missed_gates(
    require: Mapping[str, str], metrics: Mapping[str, float | None], *, has_poses: bool = True
) -> list[Finding]:
    """A finding for each requirement that the measured value does not meet; a metric without a value meets none.

    Args:
        require: metric name -> comparison with a number.
        metrics: metric name -> measured value, None where there was nothing to measure.
        has_poses: whether any evaluated object has a pose.

    Raises:
        ContractError: YZ801 for a metric that does not exist or a requirement that cannot be read.
    """
    findings = []
    unreadable = []
    for name, requirement in require.items():
        where = f"require.{name}"
        parts = re.fullmatch(r"(>=|>|<=|<)\s*(\S+)", requirement.strip())
        if name not in metrics:
            guess = nearest(name, list(metrics))
            known = f"the metrics are {', '.join(metrics)}"
            fix = f"did you mean {guess!r}? {known[0].upper()}{known[1:]}" if guess else known
            unreadable.append(Finding("YZ801", where, "no such metric", fix))
        elif parts is None or not _is_number(parts[2]):
            unreadable.append(
                Finding("YZ801", where, f"{requirement!r} is no requirement", 'write one such as ">= 0.3"')
            )
        else:
            measured = metrics[name]
            if measured is None:
                poseless = name in POSE_METRICS and not has_poses
                lacking = "no object has a pose" if poseless else "no ground truth for it"
                problem = f"nothing was measured ({lacking}), required {requirement}"
                findings.append(
                    Finding("YZ804", where, problem, "evaluate data that has such objects, or drop the gate")
                )
            elif not COMPARISONS[parts[1]](measured, float(parts[2])):
                problem = f"measured {measured:.6g}, required {requirement}"
                findings.append(
                    Finding("YZ804", where, problem, "improve the model, or change the gate in the contract")
                )
    if unreadable:
        raise ContractError(unreadable)
    return findings


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
