"""Which runs stay, by rules that a person gives; each with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from yolozu.app.gc.references import needed_runs
from yolozu.contract.sections.evaluate import COCO_METRICS
from yolozu.errors import Finding, UsageError
from yolozu.evaluation.pose.registry import LOWER_IS_BETTER, POSE_METRICS
from yolozu.registry import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yolozu.app.gc.run_facts import RunFacts

DEFAULT_METRIC = "map50_95"


@dataclass(frozen=True)
class Policy:
    """Which runs may go, and which of them stay.

    Attributes:
        runs: names or patterns (``rates-*``) of the runs that may go; all where empty.
        keep: names or patterns of runs that stay.
        keep_best: so many runs stay that are the best by ``metric``, of each set of images that runs were evaluated on.
        keep_newest: so many runs stay that were built last.
        older_than_s: runs stay that were built less than so many seconds ago.
        metric: of the evaluation.
    """

    runs: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    keep_best: int | None = None
    keep_newest: int | None = None
    older_than_s: float | None = None
    metric: str = DEFAULT_METRIC

    @property
    def says_nothing(self) -> bool:
        """Whether it names neither a run that goes nor one that stays: then nothing goes."""
        return not (self.runs or self.keep) and (self.keep_best, self.keep_newest, self.older_than_s) == (None,) * 3


@dataclass
class Choice:
    """Names of the runs that go, and reasons why others stay; what is not asked about is in neither."""

    going: list[str] = field(default_factory=list)
    staying: dict[str, list[str]] = field(default_factory=dict)


def choose(policy: Policy, runs: Sequence[RunFacts], now: float) -> Choice:
    """What goes and what stays of ``runs``.

    Args:
        policy: the rules.
        runs: all runs there are.
        now: seconds since the epoch.

    Raises:
        UsageError: YZ660 a name or pattern means no run, YZ661 there is no such metric; all findings.
        InputError: what a run names of others cannot be read.
    """
    _check(policy, runs)
    asked = [run for run in runs if not policy.runs or any(fnmatchcase(run.name, one) for one in policy.runs)]
    newest = sorted(asked, key=lambda run: (-run.built_at, run.name))
    ages = {run.name: place for place, run in enumerate(newest)}
    choice = Choice(staying={run.name: list(_reasons(policy, run, asked, ages, now)) for run in asked})
    going = [name for name, reasons in choice.staying.items() if not reasons]
    for name, (key, by) in needed_runs([run.name for run in runs if run.name not in going], runs).items():
        choice.staying[name].append(f"{key} of {by}")
    choice.going = [name for name in going if not choice.staying[name]]
    for name in choice.going:
        del choice.staying[name]
    return choice


def _reasons(
    policy: Policy, run: RunFacts, asked: Sequence[RunFacts], ages: Mapping[str, int], now: float
) -> Iterator[str]:
    """Why a run stays; nothing where it goes, unless another one needs it. ``ages`` are places from the newest on."""
    if run.held is not None:
        yield run.held
    if policy.says_nothing:
        yield "no rule says that it goes"
    pattern = next((one for one in policy.keep if fnmatchcase(run.name, one)), None)
    if pattern is not None:
        yield "named by --keep" if pattern == run.name else f"named by --keep {pattern}"
    if run.linked and run.name not in policy.runs:
        yield f"runs/{run.linked[0]} is a link to it"
    if run.unfinished is not None and run.name not in policy.runs:
        yield f"{run.unfinished}: only its name lets it go"
    if policy.older_than_s is not None and now - run.built_at < policy.older_than_s:
        yield "younger than --older-than"
    if policy.keep_newest is not None and ages[run.name] < policy.keep_newest:
        yield f"newest {ages[run.name] + 1}"
    if policy.keep_best is not None:
        yield from _by_score(policy, run, asked, policy.keep_best)


def _by_score(policy: Policy, run: RunFacts, asked: Sequence[RunFacts], count: int) -> Iterator[str]:
    """Whether it is among the best of those that were evaluated on the same images, or was never measured."""
    mine = run.score(policy.metric)
    if mine is None:
        if run.name not in policy.runs:
            yield f"{policy.metric} is not measured: only its name lets it go"
        return
    sign = 1.0 if policy.metric in LOWER_IS_BETTER else -1.0
    better = 0
    for other in asked:
        theirs = other.score(policy.metric)
        if theirs is not None and other.held_out == run.held_out:
            better += (sign * theirs, -other.built_at, other.name) < (sign * mine, -run.built_at, run.name)
    if better < count:
        yield f"best {better + 1} by {policy.metric} ({mine:.4g})"


def _check(policy: Policy, runs: Sequence[RunFacts]) -> None:
    names = [run.name for run in runs]
    findings = []
    for option, pattern in (*(("", one) for one in policy.runs), *(("--keep ", one) for one in policy.keep)):
        if not any(fnmatchcase(name, pattern) for name in names):
            guess = nearest(pattern, names)
            fix = "yolozu gc alone lists the runs; quote a pattern: 'exp*'"
            fix = fix if guess is None else f"did you mean {guess!r}? {fix[0].upper()}{fix[1:]}"
            findings.append(Finding("YZ660", f"{option}{pattern}", "means no run below runs/", fix))
    metrics = [*COCO_METRICS, *POSE_METRICS]
    if policy.metric not in metrics:
        guess = nearest(policy.metric, metrics)
        fix = "" if guess is None else f"did you mean {guess!r}? "
        fix += f"The metrics are {', '.join(metrics)}"
        findings.append(Finding("YZ661", f"--metric {policy.metric}", "no such metric", fix))
    if findings:
        raise UsageError(findings)
