"""Kills at random moments over a matrix of contracts: the real command, a table of what came out.

    python benchmarks/verify_resume.py [--kills 4] [--steps 24] [--seed 0] [--data DIR] [NAME…]

Each row is one `yolozu verify-resume`: a training that nobody disturbs, the same with SIGKILLs, both compared bit for
bit. Exits 1 when one of them differs. `--data` names the directory of `dino_bop` and `coco128`, for the row of real
photos with poses. With the defaults, 40 kills; about 15 minutes on two cores, most of it start-up.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
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
    "LoRA beside a frozen base, biases, EMA": (
        "lora_r=8 lora_target=all_linear_conv1x1 lora_dropout=0.1 lora_train_bias=all use_ema=true ema_decay=0.9"
    ),
    "pose costs that begin one after another": (
        "cost_z=1 cost_z_start_step=6 cost_rot=1 cost_rot_start_step=12 cost_t=1 cost_t_start_step=18 "
        "model.use_uncertainty=true task_aligner=uncertainty"
    ),
    "two processes": "ddp=true nproc_per_node=2",
    "the default contract": "synth_images=64 synth_val_images=8",
    "dino": "",
}
CONFIGS = PROJECT / "yolozu/configs"
OWN_CONTRACTS = {"the default contract": CONFIGS / "default.yaml", "dino": CONFIGS / "examples/dino.yaml"}
NEEDS_DATA = "dino"
"""A row of real photos, as the contract's own first lines prepare them."""


def main() -> int:
    """Prove the rows that are asked for; the exit code says whether all were equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="rows whose name holds one of these words; all if none"
    )
    parser.add_argument("--kills", type=int, default=4, help="kills a row")
    parser.add_argument("--steps", type=int, default=24, help="optimizer steps a training")
    parser.add_argument("--seed", type=int, default=0, help="seed of the moments; the rows take it and the following")
    parser.add_argument("--data", type=Path, help="directory of dino_bop and coco128; without it their row is left out")
    options = parser.parse_args()
    wanted = [name for name in MATRIX if not options.names or any(word in name for word in options.names)]
    if options.data is None and NEEDS_DATA in wanted:
        wanted.remove(NEEDS_DATA)
        print(f"{NEEDS_DATA}: left out, no --data")
    with tempfile.TemporaryDirectory(prefix="yolozu-verify-resume-") as directory:
        Path(directory, "exp.yaml").write_text(CONTRACT, encoding="utf-8")
        run(directory, "data", "synth", "scenes", "--images", "40", "--val-images", "8", "--size", "96", "--seed", "1")
        if NEEDS_DATA in wanted:
            prepare_photos(Path(directory), options.data.absolute())
        print(f"{'contract':<44} {'equal':<6} {'steps':>5}  {'killed after steps':<22} {'once s':>7} {'killed s':>8}")
        results = [prove(directory, name, options, options.seed + place) for place, name in enumerate(wanted)]
    print(f"{sum(len(result['kills']) for result in results)} kills, {sum(r['equal'] for r in results)} rows equal")
    return 0 if all(result["equal"] for result in results) else 1


def prepare_photos(directory: Path, data: Path) -> None:
    """Photos with poses, cut out and pasted on others."""
    (directory / "data").mkdir()
    for name in ("dino_bop", "coco128"):
        (directory / "data" / name).symlink_to(data / name)
    bop, out = "data/dino_bop", ["--out", "data/dino"]
    run(str(directory), "data", "prepare-bop", "--bop-root", bop, "--split", "train", *out)
    pasted = ["--backgrounds", "data/coco128/images/val2017", "--size", "192", "--per-image", "1"]
    moved = ["--rotate-deg", "45", "--scale-min", "0.5", "--translate", "0.15"]
    run(str(directory), "data", "paste", "--dataset", bop, "--split", "test", "--as", "val", *out, *pasted, *moved)


def prove(directory: str, name: str, options: argparse.Namespace, seed: int) -> dict:
    """One row: prove it and print what came out."""
    words = [*MATRIX[name].split(), "--kills", str(options.kills), "--steps", str(options.steps)]
    contract = str(OWN_CONTRACTS.get(name, "exp.yaml"))
    told = run(directory, "verify-resume", contract, *words, "--kill-seed", str(seed), "--json", allowed=(0, 1))
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
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "yolozu", *words]
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in allowed:
        raise SystemExit(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
