"""Every command and flag of the first scripts is one of today's, as docs/training-inference-export.md says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.test_help import command_of
from yolozu.cli.app import COMMANDS
from yolozu.contract.overrides import ALIASES
from yolozu.contract.strict.slots import keys

PAGE = Path(__file__).parents[2] / "docs/training-inference-export.md"
THEN = {
    "fetch_coco128.sh": "",
    "prepare_coco_yolo.py": "--coco-root --split --out --copy-images",
    "train_minimal.py": (
        "--config --run-dir --dataset-root --max-steps --use-matcher --device --batch-size --num-queries "
        "--stage-off-steps --stage-k-steps --cost-z --cost-rot --cost-t --cost-z-start-step --cost-rot-start-step "
        "--cost-t-start-step --checkpoint-out --metrics-jsonl --metrics-csv --optimizer --lr --weight-decay --momentum "
        "--nesterov --use-param-groups --backbone-lr-mult --head-lr-mult --backbone-wd-mult --head-wd-mult "
        "--wd-exclude-bias --wd-exclude-norm --scheduler --min-lr --scheduler-milestones --scheduler-gamma "
        "--lr-warmup-steps --lr-warmup-init --gradient-accumulation-steps --clip-grad-norm --use-ema --ema-decay "
        "--ema-eval --amp --use-amp --task-aligner "
        "--lora-r --lora-alpha --lora-dropout --lora-target --lora-freeze-base --lora-train-bias "
        "--ewc --ewc-lambda --si --si-c --si-epsilon "
        "--torchao-quant --torchao-required --qlora --derpp --derpp-teacher-key --derpp-weight "
        "--self-distill-from --self-distill-weight --self-distill-temperature --self-distill-kl --self-distill-keys "
    ),
    "yolozu train": "--run-id --resume",
    "yolozu test": "--adapter --predictions --max-images",
    "run_scenarios.py": "--adapter --predictions --max-images",
    "export_predictions.py": (
        "--adapter --config --checkpoint --max-images --wrap --output --tta --tta-seed --tta-flip-prob --ttt "
        "--ttt-preset --ttt-reset --ttt-batch-size --ttt-max-batches"
    ),
    "validate_predictions.py": "",
    "eval_coco.py": "--dataset --predictions --bbox-format --max-images --dry-run",
    "eval_suite.py": "--dry-run",
    "plot_metrics.py": "--jsonl --out",
    "run_yolo26n_smoke_rtdetr_pose.py": "",
    "run_yolo26_smoke_rtdetr_pose.py": "--buckets",
}
"""Script -> its flags."""

ROW = re.compile(r"^\| `([^`]+)` \| `([^`]+)` \|", re.MULTILINE)
ROWS = ROW.findall(PAGE.read_text())


def test_the_table_has_every_command_and_flag_of_then():
    wanted = {script for script in THEN if not script.startswith("yolozu")} | {
        "yolozu train CONFIG",
        "yolozu test CONFIG",
    }
    wanted |= {f"{script} {flag}" for script, flags in THEN.items() for flag in flags.split()}
    assert {then for then, _ in ROWS} == wanted


@pytest.mark.parametrize(("then", "now"), ROWS, ids=lambda text: text)
def test_what_it_is_now_is_there(then, now):
    words = now.removeprefix("yolozu ").split()
    flags = [word for word in words if word.startswith("--")]
    name = " ".join(word for word in words if word not in flags)
    assert name in COMMANDS
    options = {flag: option for option in command_of(name).params for flag in option.opts}
    assert set(flags) <= set(options)
    if then.startswith("train_minimal.py --") and flags[0] not in {"--config", "--run-dir"}:
        assert options[flags[0]].name in {*keys(), *ALIASES}
