"""From rendered scenes to another domain: adapters beside a frozen detector, the whole detector, test-time training.

    python -m benchmarks.lora_domain --keep DIR [--seeds 3] [--jobs 2] [--base-steps 4000] [--steps 2000]

A detector learns the scenes of `configs/default.yaml`, of 128 px, until it knows them: beside one that is half trained,
going on with all weights is worth more, and adapters reach less of it. The other domain has tables of strong colors, in
fog (severity 3). There the detector trains on as a whole, or LoRA adapters (rank 8, `all_linear_conv1x1`) beside frozen
weights and frozen statistics of norms, with and without the biases; each for the same steps, at the best of a few
learning rates, chosen on half of the domain's held-out scenes and measured on the other half. Beside them test-time
training of the same detector on the same pictures, which needs no label. The trainings are ordinary runs in DIR, so the
same command goes on where it was stopped.

The backbone is a small ConvNeXt: four fifths of its weights are those of linear layers. That of `configs/default.yaml`,
`tiny_cnn`, has all of its own in 3x3 convolutions, which no adapter of `all_linear_conv1x1` is beside.

mAP is mAP50-95; the gain is what it is above that of the detector as it was. Parameters and bytes of the optimizer are
counted in `last.pt`. Exit 1 when the goal is missed: adapters reach 90 % of full fine-tuning's gain with a tenth
of the parameters.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.short_runs import (
    CONTRACT,
    SIZE,
    CommandFailedError,
    build,
    evaluated,
    hardware,
    length,
    markdown,
    options_of,
    split_scenes,
    spread,
    step_ms,
    yolozu,
)

HELD_OUT = 500
MODEL = {
    "backbone": {"name": "convnext_tiny", "args": {"width_mult": 0.375, "depth_mult": 0.34}},
    "projector": {"d_model": 96},
    "encoder": {"num_heads": 4, "ffn_dim": 192, "expansion": 0.5, "fusion_blocks": 1},
    "decoder": {"num_layers": 3, "num_heads": 4, "ffn_dim": 192},
    "denoising": {"num_queries": 15},
    "num_queries": 30,
    "anchor_size": 0.15,
}
"""That of `configs/default.yaml` with another backbone."""

BASE_LR = 2e-3
ADAPTERS = {"lora_r": 8, "lora_alpha": 32, "lora_target": "all_linear_conv1x1", "lora_freeze_base": True}


@dataclass(frozen=True)
class Method:
    """A way to train in the other domain.

    Attributes:
        keys: of the contract.
        rates: learning rates of which the best counts.
    """

    keys: dict[str, Any]
    rates: tuple[float, ...]


FULL = "all parameters"
METHODS = {
    FULL: Method({}, (1e-3, 2e-3, 4e-3)),
    "LoRA": Method(ADAPTERS, (4e-3,)),
    "LoRA, biases": Method(ADAPTERS | {"lora_train_bias": "all"}, (2.5e-3, 4e-3)),
}
STREAM = ["--ttt", "--ttt-reset", "stream", "--ttt-batch-size", "4"]
AT_TEST_TIME = {
    f"test-time training, {preset}": [*STREAM, "--ttt-preset", preset] for preset in ("safe", "adapter_only")
}
AS_IT_IS = "as it is"
GOAL_GAIN, GOAL_PARAMETERS = 0.9, 0.1


@dataclass(frozen=True)
class Setting:
    """Working directory, and lengths of the first training and of the others."""

    where: Path
    base_steps: int
    steps: int
    images: int


def render(setting: Setting, seed: int) -> None:
    """``scenes/SEED``, and ``fog/SEED``: others with bright tables, in fog; one half of the held-out to choose by."""
    where, scenes, bright, fog = setting.where, f"scenes/{seed}", f"bright/{seed}", f"fog/{seed}"
    sizes = ["--val-images", str(HELD_OUT), "--size", str(SIZE)]
    if not (where / scenes).exists():
        yolozu(where, "data", "synth", scenes, "--images", "4000", *sizes, "--seed", str(seed))
    if not (where / bright).exists():
        other = ["--images", str(setting.images), "--seed", str(1000 + seed), "--table", "bright"]
        yolozu(where, "data", "synth", bright, *sizes, *other)
    for split in ("train", "val"):
        if not (where / fog / "images" / split).exists():
            words = ["--dataset", bright, "--split", split, "--out", fog, "--corruption", "fog", "--seed", str(seed)]
            yolozu(where, "data", "corrupt", *words)
    half = HELD_OUT // 2
    split_scenes(where / fog, "val", {"choose": range(half), "measure": range(half, HELD_OUT)})


def contract_of(seed: int, data: str, **keys: Any) -> dict[str, Any]:
    """The contract of a training."""
    return CONTRACT | {"model": MODEL, "dataset_root": data, "seed": seed, "split": "train"} | keys


def base_of(seed: int) -> str:
    """Run of the detector that is adapted."""
    return f"base-{seed}"


def train_base(seed: int, setting: Setting) -> None:
    """The detector that is adapted."""
    keys = {"val_split": "val", **length(setting.base_steps, BASE_LR)}
    build(setting.where, base_of(seed), contract_of(seed, f"scenes/{seed}", **keys), "train")
    print(f"  base, seed {seed}: trained", flush=True)


def run_id(name: str, rate: float, seed: int) -> str:
    """Of a training in the other domain."""
    return f"{name.replace(',', '').replace(' ', '-').lower()}-{rate:g}-{seed}"


def train(name: str, rate: float, seed: int, setting: Setting) -> float:
    """A training in the other domain; mAP on the scenes to choose by."""
    run = run_id(name, rate, seed)
    start = {"init_from": f"runs/{base_of(seed)}/checkpoints/best.pt", "val_split": "choose"}
    keys = METHODS[name].keys | start | length(setting.steps, rate)
    build(setting.where, run, contract_of(seed, f"fog/{seed}", **keys), "train")
    rows = (setting.where / f"runs/{run}/reports/val_metrics.jsonl").read_text().splitlines()
    found = float(json.loads(rows[-1])["metrics"]["map50_95"])
    print(f"  {name}, lr {rate:g}, seed {seed}: {found:.3f}", flush=True)
    return found


def measured(run: str, seed: int, setting: Setting, *words: str, name: str = "") -> dict[str, Any]:
    """What a run is worth on the other domain's scenes to measure by."""
    chosen = ["--dataset", f"fog/{seed}", *words]
    found = evaluated(setting.where, run, f"fog/{seed}", "measure", *chosen, name=name)
    return {"seed": seed, "map": found["all"]["map50_95"]}


def costs(run: str, setting: Setting) -> dict[str, Any]:
    """What a training moved and what it wrote: parameters, bytes, milliseconds."""
    import torch

    checkpoints = setting.where / f"runs/{run}/checkpoints"
    tensors = torch.load(checkpoints / "last.pt", weights_only=True)["tensors"]
    optimizer = {name: tensor for name, tensor in tensors.items() if name.startswith("training/optimizer/")}
    moments = [tensor for name, tensor in optimizer.items() if name.endswith("/exp_avg")]
    return {
        "parameters": sum(tensor.numel() for tensor in moments),
        "optimizer_bytes": sum(tensor.numel() * tensor.element_size() for tensor in optimizer.values()),
        "best_bytes": (checkpoints / "best.pt").stat().st_size,
        "last_bytes": (checkpoints / "last.pt").stat().st_size,
        "step_ms": step_ms(setting.where, run),
    }


def adapters_bytes(run: str, setting: Setting) -> int | None:
    """Size of the adapters alone, as `yolozu lora split` writes them; None where it refuses, which is printed."""
    out = setting.where / f"measured/{run}.adapters.pt"
    if not out.is_file():
        best = f"runs/{run}/checkpoints/best.pt"
        try:
            yolozu(setting.where, "lora", "split", best, "--output", str(out.relative_to(setting.where)))
        except CommandFailedError as error:
            print(f"FAILED: {error}", flush=True)
            return None
    return out.stat().st_size


def rows_of(seed: int, chosen: dict[str, float], setting: Setting) -> list[dict[str, Any]]:
    """The rows of a seed; ``chosen`` is the learning rate of each method."""
    base = base_of(seed)
    before = measured(base, seed, setting, name=f"{base}-fog")
    rows: list[dict[str, Any]] = [{"method": AS_IT_IS, **before}]
    for name, rate in chosen.items():
        run = run_id(name, rate, seed)
        old = evaluated(setting.where, run, f"scenes/{seed}", "val", "--dataset", f"scenes/{seed}", name=f"{run}-old")
        row = {"method": name, "lr": rate, "old": old["all"]["map50_95"], **measured(run, seed, setting)}
        row |= costs(run, setting)
        if METHODS[name].keys:
            row["adapters_bytes"] = adapters_bytes(run, setting)
        rows.append(row)
    for name, words in AT_TEST_TIME.items():
        rows.append({"method": name, **measured(base, seed, setting, *words, name=f"{base}-{words[-1]}")})
    full = next(row for row in rows if row["method"] == FULL)
    for row in rows:
        row["gain"] = row["map"] - before["map"]
        row["share"] = row["gain"] / (full["map"] - before["map"])
        row["parameter_share"] = row["parameters"] / full["parameters"] if "parameters" in row else None
    rows[0]["old"] = evaluated(setting.where, base, f"scenes/{seed}", "val")["all"]["map50_95"]
    return rows


COLUMNS = {
    "mAP": ("map", "{:.3f}", 1.0),
    "gain": ("gain", "{:.3f}", 1.0),
    "of full": ("share", "{:.2f}", 1.0),
    "mAP where it came from": ("old", "{:.3f}", 1.0),
    "lr": ("lr", "{:.0e}", 1.0),
    "trained": ("parameters", "{:,.0f}", 1.0),
    "of all": ("parameter_share", "{:.3f}", 1.0),
    "optimizer, MB": ("optimizer_bytes", "{:.2f}", 1e-6),
    "last.pt, MB": ("last_bytes", "{:.1f}", 1e-6),
    "best.pt, MB": ("best_bytes", "{:.1f}", 1e-6),
    "adapters alone, MB": ("adapters_bytes", "{:.2f}", 1e-6),
    "ms a step": ("step_ms", "{:.0f}", 1.0),
}
CONSTANT = ("lr", "parameters", "parameter_share", "optimizer_bytes", "last_bytes", "best_bytes", "adapters_bytes")


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: mean and standard deviation over seeds; of what does not depend on them, the first."""
    lines = []
    for name in [AS_IT_IS, *METHODS, *AT_TEST_TIME]:
        of = [row for row in rows if row["method"] == name]
        cells = []
        for key, form, factor in COLUMNS.values():
            values = [row[key] * factor for row in of if row.get(key) is not None]
            cells.append(spread(values[:1] if key in CONSTANT else values, form))
        if of:
            lines.append((name, cells))
    return markdown(COLUMNS, lines)


def verdict(rows: list[dict[str, Any]]) -> tuple[str, bool]:
    """Whether the goal is reached, by means over seeds."""

    def mean(name: str, key: str) -> float:
        values = [row[key] for row in rows if row["method"] == name]
        return sum(values) / len(values)

    best = max((name for name, method in METHODS.items() if method.keys), key=lambda name: mean(name, "share"))
    share, parameters = mean(best, "share"), mean(best, "parameter_share")
    reached = share >= GOAL_GAIN and parameters <= GOAL_PARAMETERS
    return (
        f"{best}: {share:.1%} of full fine-tuning's gain with {parameters:.1%} of its parameters: goal "
        f"{'reached' if reached else 'missed'}",
        reached,
    )


def measure_all(setting: Setting, seeds: range, jobs: int) -> list[dict[str, Any]]:
    """All trainings, ``jobs`` at a time, and their rows. Learning rates are chosen by the first seed's trainings."""
    for seed in seeds:
        render(setting, seed)
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda seed: train_base(seed, setting), seeds))
        tried = [(name, rate) for name, method in METHODS.items() for rate in method.rates]
        scores = list(pool.map(lambda of: train(*of, seeds[0], setting), tried))
        best = {
            name: max((score, rate) for (of, rate), score in zip(tried, scores, strict=True) if of == name)
            for name in METHODS
        }
        chosen = {name: rate for name, (_, rate) in best.items()}
        others = [(name, rate, seed) for seed in seeds[1:] for name, rate in chosen.items()]
        list(pool.map(lambda of: train(*of, setting), others))
        return [row for rows in pool.map(lambda seed: rows_of(seed, chosen, setting), seeds) for row in rows]


def main() -> int:
    parser = options_of(__doc__)
    parser.add_argument("--base-steps", type=int, default=4000)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--images", type=int, default=2000, help="training images of the other domain")
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    setting = Setting(options.keep.resolve(), options.base_steps, options.steps, options.images)
    try:
        rows = measure_all(setting, range(options.seeds), options.jobs)
    except CommandFailedError as error:
        print(error)
        return 1
    told, reached = verdict(rows)
    text = f"{hardware(options.jobs)}\n\n{table(rows)}\n\n{told}\n"
    print("\n" + text)
    (setting.where / "table.md").write_text(text)
    (setting.where / "numbers.json").write_text(json.dumps(rows, indent=1))
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
