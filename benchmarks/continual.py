"""What a detector keeps of three classes while it learns two others, of pictures on which the three are not labeled.

    python -m benchmarks.continual --keep DIR [--seeds 3] [--methods fine-tuning,distillation] [--jobs 2]
                                   [--steps-a 1200] [--steps-b 900] [--images-a 3000] [--images-b 3000]

Table-top scenes of five solids. Task A labels box, pyramid and column, task B roof and steps: on either's pictures the
other's solids stand about without a label. The first training learns A; every method goes on from it on B, without a
picture of A but what its replay buffer kept. Joint training sees both tasks' pictures with all labels, for the steps of
both: the ceiling. Each training is an ordinary run of the command line in DIR (a contract in `contracts/`, a run in
`runs/`), so the same command goes on where it was stopped, and builds what is stale.

All are measured alike, with all five classes labeled, on held-out scenes that nothing was chosen by (a training
validates once, at its end). mAP is mAP50-95, of a task the mean of its classes; rotation is the mean over A's classes
of the median error, of the objects that were found; ADD-0.1d counts those that were not. A training's time is that of
its stage, from its receipt, states, teachers and validation included, and the median of its steps.

What chose the settings, one seed with 600 steps of B: fine-tuning keeps .19 of A's .86 (450 steps at 1e-3).
`ewc_lambda: 1` weighs a hundredth of the loss: the change of fine-tuning costs .16, the loss is 15; `si_c: 1` weighs
80, more than the loss. docs/continual_learning.md says what came out.

Exit 1 when the goal is missed: the best method keeps 95 % of joint training's mAP over both tasks in at most 1.3 times
the time of fine-tuning, which loses more than half of A.
"""

from __future__ import annotations

import json
import statistics
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.short_runs import (
    CONTRACT,
    SIZE,
    build,
    evaluated,
    hardware,
    length,
    markdown,
    options_of,
    seconds_of,
    split_scenes,
    spread,
    step_ms,
    yolozu,
)

TASK_A, TASK_B = ["box", "pyramid", "column"], ["roof", "steps"]
HELD_OUT = 300
LR = 2e-3

LEFT_BY_A = {"ewc": True, "si": True, "replay_images": 200}
"""What A's training leaves for later ones; its own weights are those it would have without."""

LOOKING = {"self_distill_from": "{first}", "pseudo_labels": "train"}
"""A's detector looks at the pictures of B: what it sees becomes targets."""

DISTILLING = LOOKING | {"self_distill_keys": "logits,bbox,log_z,rot6d,offsets"}
"""And queries are held to what it says."""

MASKING = {"self_distill_from": "{first}", "pseudo_labels": "mask", "self_distill_weight": 0.0}
"""What it sees is not taught to be background."""

ELASTIC = {"continual_from": "{first}", "ewc": True, "ewc_lambda": 100.0}

REPLAYING = {"continual_from": "{first}", "replay_share": 0.25}
STORED = REPLAYING | {"derpp": True}

METHODS: dict[str, dict[str, Any]] = {
    "fine-tuning": {},
    "EWC": ELASTIC,
    "SI": {"continual_from": "{first}", "si": True, "si_c": 0.1},
    "masked background": MASKING,
    "masked background + EWC": MASKING | ELASTIC,
    "replay": REPLAYING,
    "DER++": STORED,
    "distillation": DISTILLING,
    "pseudo-labels + replay": LOOKING | REPLAYING | {"self_distill_weight": 0.0},
    "distillation + DER++": DISTILLING | STORED,
}
"""Keys of the contract by name of the method; ``{first}`` is the run of A."""

FIRST, JOINT = "A alone", "joint"
GOAL_SHARE, GOAL_TIME, GOAL_LOSS = 0.95, 1.3, 0.5


@dataclass(frozen=True)
class Setting:
    """What is measured.

    Attributes:
        where: working directory of all runs.
        images: of A and of B.
        steps: of A and of B.
    """

    where: Path
    images: tuple[int, int]
    steps: tuple[int, int]


def render(setting: Setting, seed: int) -> None:
    """Scenes of a seed: splits ``first`` and ``second``, of which ``train`` is both, and ``val``."""
    root, count = setting.where / f"scenes/{seed}", sum(setting.images)
    if not root.exists():
        sizes = ["--images", str(count), "--val-images", str(HELD_OUT), "--size", str(SIZE)]
        yolozu(setting.where, "data", "synth", f"scenes/{seed}", *sizes, "--seed", str(seed))
    split_scenes(root, "train", {"first": range(setting.images[0]), "second": range(setting.images[0], count)})


def run_id(name: str, seed: int) -> str:
    """Of a method's run."""
    return "-".join([*name.lower().replace("+", " ").split(), str(seed)])


def contract_of(name: str, seed: int, setting: Setting) -> dict[str, Any]:
    """The contract of a training."""
    first, second = setting.steps
    base = CONTRACT | {"dataset_root": f"scenes/{seed}", "seed": seed, "class_names": TASK_A + TASK_B}
    if name == JOINT:
        return base | length(first + second, LR) | {"split": "train"}
    if name == FIRST:
        return base | length(first, LR) | {"split": "first", "class_names": TASK_A} | LEFT_BY_A
    earlier = run_id(FIRST, seed)
    keys = {key: earlier if value == "{first}" else value for key, value in METHODS[name].items()}
    start = {"init_from": f"runs/{earlier}/checkpoints/best.pt", "head_init": "extend", "labeled_classes": TASK_B}
    return base | length(second, LR) | {"split": "second"} | start | keys


def train(name: str, seed: int, setting: Setting) -> dict[str, Any]:
    """Build a training where it is stale, and measure it."""
    run, where = run_id(name, seed), setting.where
    build(where, run, contract_of(name, seed, setting), *(["train", "replay"] if name == FIRST else ["train"]))
    print(f"  {name}, seed {seed}: trained", flush=True)
    found = evaluated(where, run, f"scenes/{seed}", "val")
    boxes, poses = found["boxes"], found["poses"]
    return {
        "method": name,
        "seed": seed,
        "map_a": _mean(boxes, TASK_A, "map50_95"),
        "map_b": _mean(boxes, TASK_B, "map50_95"),
        "map_both": _mean(boxes, TASK_A + TASK_B, "map50_95"),
        "rot_deg_a": _mean(poses, TASK_A, "rot_deg_median"),
        "add_a": _mean(poses, TASK_A, "add_01d"),
        "classes": {of: boxes[of]["map50_95"] for of in TASK_A + TASK_B},
        "seconds": seconds_of(where, run),
        "step_ms": step_ms(where, run),
    }


def _mean(of: dict[str, dict[str, float | None]], classes: list[str], metric: str) -> float | None:
    values = [value for name in classes if (value := of[name][metric]) is not None]
    return statistics.mean(values) if values else None


def compared(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with what each is beside others of its seed: forgetting, share of joint training, time."""
    by = {(row["method"], row["seed"]): row for row in rows}
    for row in rows:
        first, joint, plain = (by.get((name, row["seed"])) for name in (FIRST, JOINT, "fine-tuning"))
        row["forgetting"] = row["share"] = row["time"] = row["step_time"] = None
        if first is not None and row["method"] in METHODS:
            row["forgetting"] = first["map_a"] - row["map_a"]
        if joint is not None and row["method"] != FIRST:
            row["share"] = row["map_both"] / joint["map_both"]
        if plain is not None and row["method"] in METHODS:
            row["time"] = row["seconds"] / plain["seconds"]
            row["step_time"] = row["step_ms"] / plain["step_ms"]
    return rows


COLUMNS = {
    "mAP of A": ("map_a", "{:.3f}"),
    "mAP of B": ("map_b", "{:.3f}"),
    "both": ("map_both", "{:.3f}"),
    "of joint": ("share", "{:.3f}"),
    "forgetting": ("forgetting", "{:.3f}"),
    "rotation of A, degrees": ("rot_deg_a", "{:.1f}"),
    "ADD-0.1d of A": ("add_a", "{:.3f}"),
    "time": ("time", "{:.2f}"),
    "time of a step": ("step_time", "{:.2f}"),
    "seconds": ("seconds", "{:.0f}"),
}


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: mean and standard deviation over seeds."""
    named = {name: [row for row in rows if row["method"] == name] for name in [FIRST, *METHODS, JOINT]}
    lines = (
        (name, [spread((row[key] for row in of), form) for key, form in COLUMNS.values()])
        for name, of in named.items()
        if of
    )
    return markdown(COLUMNS, lines)


def verdict(rows: list[dict[str, Any]]) -> tuple[str, bool]:
    """Whether the goal is reached, by means over seeds."""

    def mean(name: str, key: str) -> float:
        values = [row[key] for row in rows if row["method"] == name and row[key] is not None]
        return statistics.mean(values) if values else float("nan")

    there = {row["method"] for row in rows}
    if missing := {FIRST, "fine-tuning", JOINT} - there:
        return f"no verdict without {', '.join(sorted(missing))}", False
    names = there & (METHODS.keys() - {"fine-tuning"})
    quick = [name for name in names if mean(name, "time") <= GOAL_TIME]
    best = max(quick, key=lambda name: mean(name, "share"), default=None)
    lost = mean("fine-tuning", "forgetting") / mean(FIRST, "map_a")
    if best is None:
        return f"fine-tuning loses {lost:.0%} of A; no other method takes at most {GOAL_TIME} times as long", False
    reached = mean(best, "share") >= GOAL_SHARE and lost > GOAL_LOSS
    text = (
        f"{best} keeps {mean(best, 'share'):.1%} of joint training's mAP over both tasks in {mean(best, 'time'):.2f} "
        f"times fine-tuning's time, which loses {lost:.0%} of A: goal {'reached' if reached else 'missed'}"
    )
    return text, reached


def measure_all(setting: Setting, seeds: range, methods: list[str], jobs: int) -> list[dict[str, Any]]:
    """All trainings, ``jobs`` at a time: those of A, for which others wait, then each method with all seeds.

    What fails is printed, and missing in the rows.
    """
    for seed in seeds:
        render(setting, seed)
    with ThreadPoolExecutor(jobs) as pool:
        firsts = {seed: pool.submit(train, FIRST, seed, setting) for seed in seeds}

        def after_first(name: str, seed: int) -> dict[str, Any]:
            if name != JOINT:
                firsts[seed].result()
            return train(name, seed, setting)

        futures = {(FIRST, seed): future for seed, future in firsts.items()}
        futures |= {(name, seed): pool.submit(after_first, name, seed) for name in methods for seed in seeds}
    failed = {key: error for key, future in futures.items() if (error := future.exception()) is not None}
    for (name, seed), error in failed.items():
        print(f"FAILED: {name}, seed {seed}: {error}", flush=True)
    return compared([future.result() for key, future in futures.items() if key not in failed])


def main() -> int:
    parser = options_of(__doc__)
    parser.add_argument("--methods", default=",".join([*METHODS, JOINT]), help="with commas between")
    parser.add_argument("--steps-a", type=int, default=1200)
    parser.add_argument("--steps-b", type=int, default=900)
    parser.add_argument("--images-a", type=int, default=3000)
    parser.add_argument("--images-b", type=int, default=3000)
    options = parser.parse_args()
    methods = [name.strip() for name in options.methods.split(",")]
    if unknown := set(methods) - {*METHODS, JOINT}:
        parser.error(f"no method {', '.join(sorted(unknown))}; there are {', '.join([*METHODS, JOINT])}")
    options.keep.mkdir(parents=True, exist_ok=True)
    setting = Setting(options.keep.resolve(), (options.images_a, options.images_b), (options.steps_a, options.steps_b))
    rows = measure_all(setting, range(options.seeds), methods, options.jobs)
    told, reached = verdict(rows)
    text = f"{hardware(options.jobs)}\n\n{table(rows)}\n\n{told}\n"
    print("\n" + text)
    (setting.where / "table.md").write_text(text)
    (setting.where / "numbers.json").write_text(json.dumps(rows, indent=1))
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
