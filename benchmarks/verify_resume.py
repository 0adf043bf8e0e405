"""Kills at random moments over a matrix of contracts: the real command, a table of what came out.

    python benchmarks/verify_resume.py [--kills 4] [--steps 24] [--seed 0] [NAME…]

Each row is one `yolozu verify-resume`: a training that nobody disturbs, the same with SIGKILLs, both compared bit for
bit. Exits 1 when one of them differs. With the defaults, 20 kills; about 6 minutes on two cores, most of it start-up.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

CONTRACT = """\
config_version: 1
dataset_root: scenes
seed: 0
device: cpu
ddp: false
amp: none
image_size: 96
model:
  backbone: {name: tiny_cnn}
  projector: {d_model: 64}
  encoder: {num_heads: 4, ffn_dim: 128, expansion: 0.5, fusion_blocks: 1}
  decoder: {num_layers: 2, num_heads: 4, ffn_dim: 128}
  denoising: {num_queries: 12}
  num_queries: 20
  anchor_size: 0.15
batch_size: 4
store: false
max_steps: 400
val_every_steps: 150
lr: 1.0e-3
clip_grad_norm: 1.0
hflip_prob: 0.5
hsv_v: 0.2
scale_min: 0.8
scale_max: 1.2
"""

MATRIX = {
    "accumulation, EMA, cosine, bf16, 2 workers": (
        "gradient_accumulation_steps=2 use_ema=true ema_decay=0.9 ema_eval=true scheduler=cosine lr_warmup_steps=50 "
        "amp=bf16 num_workers=2"
    ),
    "onecycle, RAM cache": "scheduler=onecycle cache=ram",
    "multistep, SGD with momentum, groups": (
        "optimizer=sgd momentum=0.9 nesterov=true scheduler=multistep scheduler_milestones=150,300 "
        "use_param_groups=true backbone_lr_mult=0.1"
    ),
    "constant rate, early stopping, 2 workers": "scheduler=none early_stop_patience=9 num_workers=2",
    "accumulation 3, EMA beside, SGD, bf16": (
        "gradient_accumulation_steps=3 use_ema=true optimizer=sgd momentum=0.9 amp=bf16 scheduler=cosine min_lr=1e-5"
    ),
}


def main() -> int:
    """Prove the rows that are asked for; the exit code says whether all were equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="rows whose name holds one of these words; all if none"
    )
    parser.add_argument("--kills", type=int, default=4, help="kills a row")
    parser.add_argument("--steps", type=int, default=24, help="optimizer steps a training")
    parser.add_argument("--seed", type=int, default=0, help="seed of the moments; the rows take it and the following")
    options = parser.parse_args()
    wanted = [name for name in MATRIX if not options.names or any(word in name for word in options.names)]
    with tempfile.TemporaryDirectory(prefix="yolozu-verify-resume-") as directory:
        Path(directory, "exp.yaml").write_text(CONTRACT, encoding="utf-8")
        run(directory, "data", "synth", "scenes", "--images", "40", "--val-images", "8", "--size", "96", "--seed", "1")
        print(f"{'contract':<44} {'equal':<6} {'steps':>5}  {'killed after steps':<22} {'once s':>7} {'killed s':>8}")
        results = [prove(directory, name, options, options.seed + place) for place, name in enumerate(wanted)]
    print(f"{sum(len(result['kills']) for result in results)} kills, {sum(r['equal'] for r in results)} rows equal")
    return 0 if all(result["equal"] for result in results) else 1


def prove(directory: str, name: str, options: argparse.Namespace, seed: int) -> dict:
    """One row: prove it and print what came out."""
    words = [*MATRIX[name].split(), "--kills", str(options.kills), "--steps", str(options.steps)]
    told = run(directory, "verify-resume", "exp.yaml", *words, "--kill-seed", str(seed), "--json", allowed=(0, 1))
    result = json.loads(told)
    at = ", ".join(f"{kill['step']}{'' if kill['inside_epoch'] else 'e'}" for kill in result["kills"])
    verdict = "yes" if result["equal"] else "NO"
    times = f"{result['undisturbed_s']:>7.1f} {result['killed_s']:>8.1f}"
    print(f"{name:<44} {verdict:<6} {result['steps']:>5}  {at:<22} {times}", flush=True)
    if not result["equal"]:
        print(f"  {result['file']}: {result['difference']}", flush=True)
    return result


def run(directory: str, *words: str, allowed: tuple[int, ...] = (0,)) -> str:
    """What a command says; the benchmark ends where it fails."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-m", "yolozu", *words]
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in allowed:
        raise SystemExit(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
