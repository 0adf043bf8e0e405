"""A build as test cases: one a stage, one a requirement on a metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yolozu.app.ci.cases import Case, Results
from yolozu.artifacts.jsonio import read_json
from yolozu.contract.sections.evaluate import COCO_METRICS
from yolozu.engine.failure import read_failure
from yolozu.engine.run_summary import finished_files
from yolozu.engine.view.events import StageChanges
from yolozu.engine.view.view import in_words
from yolozu.errors import EXIT_DONE, EXIT_INTERRUPTED, Finding, InputError
from yolozu.evaluation.pose.registry import POSE_METRICS
from yolozu.planning.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yolozu.engine.doit.tasks import Build
    from yolozu.engine.session import Session
    from yolozu.engine.view.view import AnyEvent, View, Worker

MEASURES = "evaluate"
REPORTS = ("report", "pose")
"""Outputs of the evaluation that hold metrics."""


HEADLINE_METRICS = ("map50_95", "map50", "ar100", "add_s_01d", "rot_deg_median", "t_mm_median")
"""Shown of all that is measured, beside what has a requirement."""


class RecordingView:
    """Shows what another view shows, and remembers how each stage went."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.worker: Worker = view.worker
        self.ended: dict[str, StageChanges] = {}

    def show(self, event: AnyEvent) -> None:
        """Show it; the last of each stage stays."""
        if isinstance(event, StageChanges):
            self.ended[event.stage] = event
        self._view.show(event)

    def hear(self, stage: str, line: str) -> None:
        """Show what the process of a stage has written."""
        self._view.hear(stage, line)

    def ask(self, question: str) -> str | None:
        """What whoever sits at the terminal answers."""
        return self._view.ask(question)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._view.close()

    def summarize(self, lines: Sequence[str]) -> None:
        """Show the summary."""
        self._view.summarize(lines)


def build_results(
    build: Build, names: Sequence[str], ended: Mapping[str, StageChanges], code: int, seconds: float
) -> Results:
    """What a build tells, well ended or not.

    Args:
        build: it.
        names: stages that were asked for; all when empty.
        ended: stage -> how it stood at last, of those that the build came to.
        code: its exit code.
        seconds: it took.
    """
    session, run = build.session, build.session.layout.run_id
    nodes = session.plan.needed_for(list(names))
    cases = [_stage_case(session, node.name, ended.get(node.name), code) for node in nodes]
    if code != EXIT_DONE and not any(case.outcome in ("failed", "error") for case in cases):
        cases.append(_build_case(build, code))
    metrics: dict[str, float | None] = {}
    if any(node.name == MEASURES for node in nodes):
        metrics = _metrics(session, ended.get(MEASURES))
        cases += _gate_cases(session, ended.get(MEASURES), metrics)
    return Results(
        name=run,
        headline=session.headline.splitlines()[0],
        cases=tuple(cases),
        seconds=seconds,
        metrics=metrics,
        files=finished_files(session, names),
    )


def _stage_case(session: Session, stage: str, ended: StageChanges | None, code: int) -> Case:
    run = session.layout.run_id
    if ended is None or ended.state == "running":
        why = "stopped before it" if code == EXIT_INTERRUPTED else "the build ended before it"
        return Case(run, stage, "skipped", message=why)
    seconds = ended.seconds if ended.seconds is not None else 0.0
    if ended.state != "failed":
        return Case(run, stage, "passed", seconds, message=in_words(ended))
    failure = read_failure(session.layout, stage)
    if failure is None:
        text = f"{stage} ended without a word of why"
        return Case(run, stage, "error", seconds, kind="Unknown", message=text, text=text)
    text, kind = str(failure["text"]).strip(), str(failure["kind"])
    findings = Finding.parse(text)
    return Case(
        run,
        stage,
        "failed" if kind == "GateFailed" else "error",
        seconds,
        kind=findings[0].code if findings else kind,
        message=_in_a_line(findings, text),
        text=text,
    )


def _in_a_line(findings: Sequence[Finding], text: str) -> str:
    if not findings:
        return text.splitlines()[-1] if text else "no word of why"
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return f"{findings[0].where}: {findings[0].problem}{more}"


def _build_case(build: Build, code: int) -> Case:
    """What ended a build outside of any stage."""
    run = build.session.layout.run_id
    if build.error is None:
        text = f"ended with exit code {code}"
        return Case(run, "build", "error", kind=f"exit {code}", message=text, text=text)
    findings = build.error.findings
    return Case(run, "build", "error", kind=findings[0].code, message=_in_a_line(findings, ""), text=str(build.error))


def _metrics(session: Session, ended: StageChanges | None) -> dict[str, float | None]:
    """What the evaluation measured; nothing where it has not, or has not under this contract."""
    if ended is None or ended.state == "running":
        return {}
    receipt = Receipt.readable(session.layout.receipt_path(MEASURES))
    found: dict[str, Any] = {}
    if ended.state != "failed" and receipt is not None:
        found = receipt.numbers
    elif _refused(session) is not None:
        found = _reported(session)
    shown = [*HEADLINE_METRICS, *session.loaded.contract.evaluate.require]
    return {name: found[name] for name in (*COCO_METRICS, *POSE_METRICS) if name in shown and name in found}


def _reported(session: Session) -> dict[str, Any]:
    """Metrics in the reports, which a gate that says no publishes all the same."""
    outputs = session.plan[MEASURES].outputs
    found: dict[str, Any] = {}
    for path in (session.layout.root / outputs[name] for name in REPORTS):
        try:
            found |= read_json(path, code="YZ301", fix="")["metrics"] if path.is_file() else {}
        except (InputError, KeyError, TypeError):
            continue  # the stage's own case tells what is wrong
    return found


def _refused(session: Session) -> dict[str, Finding] | None:
    """Metric -> why its gate said no; None where the evaluation failed otherwise."""
    failure = read_failure(session.layout, MEASURES)
    if failure is None or failure["kind"] != "GateFailed":
        return None
    return {one.where.removeprefix("require."): one for one in Finding.parse(str(failure["text"]))}


def _gate_cases(session: Session, ended: StageChanges | None, metrics: Mapping[str, float | None]) -> Iterator[Case]:
    group = f"{session.layout.run_id}.{MEASURES}"
    failed = ended is not None and ended.state == "failed"
    refused = _refused(session) if failed else {}
    for metric, requirement in session.loaded.contract.evaluate.require.items():
        name = f"{metric} {requirement}"
        if ended is None or ended.state == "running" or refused is None:
            yield Case(group, name, "skipped", message="nothing was measured: the evaluation did not end")
        elif metric in refused:
            found = refused[metric]
            yield Case(group, name, "failed", kind=found.code, message=found.problem, text=found.render())
        else:
            measured = metrics.get(metric)
            yield Case(group, name, "passed", message="" if measured is None else f"measured {measured:.6g}")
