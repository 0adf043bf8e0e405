"""What faults do to a pipeline: disturb it at random, run the same command again, compare everything with what it was.

    python -m benchmarks.faults --keep DIR [--trials 1000] [--jobs 2] [--faults "power cut,disk full"] [--seed 0]

A project of rectangles is built once, undisturbed. Each trial copies it, takes away what one stage has made, and runs
`yolozu run` while a fault happens: signals at any moment, to one process or to all; a power cut, as an ext4 of which
only that is left which had been synced; a full disk; directories that are read only; files that are deleted, cut,
flipped; two builders at once; too little memory. Then the same command is run again. A trial is good when that exits 0,
every output has its digest, no file of the user's has changed, nobody printed a traceback or an undocumented exit code,
and no process is left over. The same is done to a Makefile with four scripts and `torch.save`.

Trials are noted in DIR/trials.jsonl, and the same command goes on behind them. Power cuts, disks and memory need root
on Linux. Exit 1 when a trial of yolozu's was not good.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.fault_injection import damage, limits, signals, storage, together
from benchmarks.fault_injection.baseline import Baseline
from benchmarks.fault_injection.pipeline import Pipeline
from benchmarks.fault_injection.trial import Expected, Subject, Trial, digests, judge

KINDS = {
    "signals": signals.FAULTS,
    "storage": storage.FAULTS,
    "damage": damage.FAULTS,
    "together": together.FAULTS,
    "limits": limits.FAULTS,
}
FAULTS = {name: fault for faults in KINDS.values() for name, fault in faults.items()}
SUBJECTS: tuple[Subject, ...] = (Pipeline(), Baseline())


@dataclass(frozen=True)
class Template:
    """A finished project.

    Attributes:
        subject: what it is one of.
        where: its directory.
        expected: what every trial must end with.
        seconds: how long the command takes, by the stage that is stale.
    """

    subject: Subject
    where: Path
    expected: Expected
    seconds: dict[str, float]


def build_template(subject: Subject, where: Path) -> Template:
    """Build a project undisturbed, and each of its stages once more.

    Raises:
        SystemExit: it cannot be built, or a stage that is built again gives something else.
    """
    where.mkdir(parents=True)
    subject.lay_out(where)
    trial = Trial(subject, where, "", 0.0, random.Random(0))
    if (ended := trial.build()).code != 0:
        raise SystemExit(f"{subject.name}: exit {ended.code}\n{ended.text}")
    expected = Expected(subject.outputs(where), digests(where, subject.users_files(where)))
    seconds = {}
    for stage in subject.stages:
        subject.make_stale(where, stage)
        clock = time.monotonic()
        trial.build()
        seconds[stage] = time.monotonic() - clock
        if wrong := judge(trial, expected):
            raise SystemExit(f"{subject.name}: {stage}, undisturbed: {', '.join(wrong)}")
    return Template(subject, where, expected, seconds)


def run_trial(template: Template, fault: str, number: int, seed: int) -> dict[str, Any]:
    """One trial: what was done, and what was wrong behind it."""
    chance = random.Random(f"{seed} {template.subject.name} {fault} {number}")
    stage = chance.choice(template.subject.stages)
    row = {"subject": template.subject.name, "fault": fault, "number": number, "stage": stage}
    clock = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="yolozu-faults-") as directory:
        where = Path(directory) / "project"
        shutil.copytree(template.where, where, symlinks=True)
        template.subject.make_stale(where, stage)
        trial = Trial(template.subject, where, stage, template.seconds[stage], chance)
        try:
            row["done"] = FAULTS[fault](trial)
            trial.build()
            row["wrong"] = judge(trial, template.expected)
        except Exception:  # noqa: BLE001 - a trial that cannot be held is told, and others go on
            trial.kill_all()
            row["wrong"] = [f"the trial itself failed: {traceback.format_exc()}"]
        if row["wrong"]:
            row["printed"] = [ended.text[-2000:] for ended in trial.ended]
    return row | {"seconds": round(time.monotonic() - clock, 1)}


def trials(faults: list[str], count: int) -> Iterator[tuple[str, int]]:
    """Fault and number of each trial: all faults in turn."""
    for number in range(count):
        yield faults[number % len(faults)], number // len(faults)


def hold(
    subject: Subject, wanted: list[tuple[str, int]], options: argparse.Namespace, notes: Path
) -> list[dict[str, Any]]:
    """Hold trials, and note each."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="yolozu-faults-") as directory, ThreadPoolExecutor(options.jobs) as pool:
        template = build_template(subject, Path(directory) / "project")
        print(f"{subject.name}: {len(wanted)} trials; {template.seconds}", flush=True)
        for row in pool.map(lambda one: run_trial(template, *one, options.seed), wanted):
            rows.append(row)
            with notes.open("a") as file:
                file.write(json.dumps(row) + "\n")
            if row["wrong"]:
                print(f"  {subject.name}, {row['fault']}, {row.get('done')}: {'; '.join(row['wrong'])}", flush=True)
    return rows


def table(rows: list[dict[str, Any]], faults: list[str]) -> str:
    """Markdown: of each fault how many trials were good, for each subject, and what was wrong."""
    names = [subject.name for subject in SUBJECTS if any(row["subject"] == subject.name for row in rows)]
    lines = [f"| fault | {' | '.join(names)} | what was wrong |", "|---" * (len(names) + 2) + "|"]
    for fault in [*faults, "all"]:
        cells, wrong = [], []
        for name in names:
            own = [row for row in rows if row["subject"] == name and fault in (row["fault"], "all")]
            cells.append(f"{sum(not row['wrong'] for row in own)} of {len(own)}")
            if fault != "all":
                wrong += [f"{name}: {row['wrong'][0].splitlines()[0]}" for row in own if row["wrong"]][:1]
        lines.append(f"| {fault} | {' | '.join(cells)} | {'; '.join(wrong)} |")
    return "\n".join(lines)


def main() -> int:
    """Hold all trials, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="directory of the projects and the notes")
    parser.add_argument("--trials", type=int, default=1000, help="of yolozu; a tenth as many of the baseline")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--faults", default=",,".join(FAULTS), help=f"with ,, between: {'; '.join(FAULTS)}")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    faults = [name.strip() for name in options.faults.split(",,")]
    if unknown := set(faults) - FAULTS.keys():
        parser.error(f"no fault {', '.join(sorted(unknown))}; there are {'; '.join(FAULTS)}")
    options.keep.mkdir(parents=True, exist_ok=True)
    notes = options.keep / "trials.jsonl"
    rows = [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []
    held = {(row["subject"], row["fault"], row["number"]) for row in rows}
    clock = time.monotonic()
    for subject, count in zip(SUBJECTS, (options.trials, options.trials // 10), strict=True):
        wanted = [one for one in trials(faults, count) if (subject.name, *one) not in held]
        if not wanted:
            continue
        rows += hold(subject, wanted, options, notes)
    text = table(rows, faults)
    print(f"\n{text}\n\n{(time.monotonic() - clock) / 60:.0f} min")
    (options.keep / "table.md").write_text(text + "\n")
    return int(any(row["wrong"] for row in rows if row["subject"] == SUBJECTS[0].name))


if __name__ == "__main__":
    sys.exit(main())
