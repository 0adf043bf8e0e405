# ruff: noqa: E501 (the table reads best with one case a line)

import pytest

from yolozu.contract.strict.slots import slot_at
from yolozu.contract.unused_keys import DEAD_KEYS

CASES = [
    ("momentum: 0.9", "the optimizer is adamw", "set optimizer: sgd, or drop momentum"),
    ("head_lr_mult: 2", "use_param_groups is off", "set use_param_groups: true, or drop head_lr_mult"),
    ("weight_decay: 0\nwd_exclude_bias: false", "weight_decay is 0", "set weight_decay above 0, or drop wd_exclude_bias"),
    ("min_lr: 0", "the scheduler is none", "set scheduler: cosine, or drop min_lr"),
    ("scheduler: cosine\nscheduler_gamma: 0.5", "the scheduler is cosine", "set scheduler: multistep, or drop scheduler_gamma"),
    ("scheduler: multistep", "multistep has no milestones", "set scheduler_milestones, or drop scheduler"),
    ("max_steps: 9\nscheduler: multistep\nscheduler_milestones: 3,9", "training ends at step 9, before a milestone", "raise max_steps, or drop scheduler_milestones"),
    ("scheduler: onecycle\nlr_warmup_steps: 5", "onecycle has its own warm-up", "choose another scheduler, or drop lr_warmup_steps"),
    ("lr_warmup_init: 0.1", "lr_warmup_steps is 0", "set lr_warmup_steps above 0, or drop lr_warmup_init"),
    ("extend: true", "scheduler none does not depend on the length: raise max_steps or epochs", "set scheduler: cosine or onecycle, or drop extend"),
    ("ema_decay: 0.9", "use_ema is off", "set use_ema: true, or drop ema_decay"),
    ("device: cuda\nwinograd: true", "the device is cuda, where libraries choose", "set device: cpu, or drop winograd"),
    ("amp: bf16\nwinograd: true", "it is for float32, and amp is bf16", "set amp: none, or drop winograd"),
    ("torch_compile: true\nwinograd: true", "torch_compile is on: the compiler chooses", "set torch_compile: false, or drop winograd"),
    ("early_stop_min_delta: 0.1", "early_stop_patience is 0", "set early_stop_patience above 0, or drop early_stop_min_delta"),
    ("non_finite_max_skips: 2", "stop_on_non_finite_loss is on: no step is skipped", "set stop_on_non_finite_loss: false, or drop non_finite_max_skips"),
    ("stop_on_non_finite_loss: false\nnon_finite_max_skips: 0\nnon_finite_lr_decay: 0.25", "non_finite_max_skips is 0: no step is skipped", "set non_finite_max_skips above 0, or drop non_finite_lr_decay"),
    ("max_steps: 9\nval_every_steps: 10", "training ends at step 9", "lower val_every_steps or raise max_steps, or drop val_every_steps"),
    ("lora_alpha: 4", "lora_r is 0: there are no adapters", "set lora_r above 0, or drop lora_alpha"),
    ("lora_r: 4\nlora_freeze_base: false\nlora_train_bias: all", "lora_freeze_base is off: all biases train", "set lora_freeze_base: true, or drop lora_train_bias"),
    ("lora_r: 4\nwd_exclude_norm: false", "adapters alone train, and are neither", "set lora_train_bias: all, or drop wd_exclude_norm"),
    ("lora_r: 4\nuse_param_groups: true\nbackbone_lr_mult: 0.5", "nothing of the backbone trains: lora_target is head", "set lora_target: all_linear_conv1x1, or drop backbone_lr_mult"),
    ("dataset_root: data/x\nsynth_size: 64", "dataset_root is data/x", "set dataset_root: synthetic, or drop synth_size"),
    ("jitter_dcx: 2", "intrinsics_jitter is off", "set intrinsics_jitter: true, or drop jitter_dcx"),
    ("multiscale: true\nimage_size: 96\nnum_queries: 20", "the only size drawn is that of image_size 96", "list several sizes, or raise image_size to 128 or more, or drop multiscale"),
    ("use_matcher: false\ncost_giou: 1", "use_matcher is off", "set use_matcher: true, or drop cost_giou"),
    ("use_matcher: false\ncost_rot: 1", "use_matcher is off", "set use_matcher: true, or drop cost_rot"),
    ("model.pose: false\nstage_off_steps: 3", "the detector has no pose heads", "leave out model.pose: false, or drop stage_off_steps"),
    ("cost_z_start_step: 5", "cost_z is 0", "set cost_z above 0, or drop cost_z_start_step"),
    ("cost_rot_start_step: 5", "cost_rot is 0", "set cost_rot above 0, or drop cost_rot_start_step"),
    ("cost_t_start_step: 5", "cost_t is 0", "set cost_t above 0, or drop cost_t_start_step"),
    ("model.use_uncertainty: true", "no loss teaches these heads: task_aligner is none", "set task_aligner: uncertainty, or drop model.use_uncertainty"),
    ("torchao_required: true", "torchao_quant is none", "set torchao_quant: int8wo, or drop torchao_required"),
    ("lora_r: 4\nqlora: true\ntorchao_required: false", "qlora requires it anyway", "set torchao_quant without qlora, or drop torchao_required"),
    ("mim_patch_size: 8", "enable_mim is off", "set enable_mim: true, or drop mim_patch_size"),
    ("model.denoising: {num_queries: 0, box_noise: 0.5}", "model.denoising.num_queries is 0", "set model.denoising.num_queries above 0, or drop model.denoising.box_noise"),
    ("model.backbone: {name: convnext_tiny, norm: gn}", "convnext_tiny has a normalization of its own", "choose another backbone, or drop model.backbone.norm"),
    ("model.encoder: {num_layers: 0, ffn_dim: 64}", "model.encoder.num_layers is 0", "set model.encoder.num_layers above 0, or drop model.encoder.ffn_dim"),
    ("head_init: remap", "init_from is not set: all weights are new", "set init_from, or drop head_init"),
    ("pseudo_labels: mask", "self_distill_from is not set: nobody teaches", "set self_distill_from, or drop pseudo_labels"),
    ("self_distill_from: a\nself_distill_weight: 0\npseudo_labels: none", "self_distill_weight is 0 and pseudo_labels none: the teacher is asked nothing", "raise self_distill_weight or set pseudo_labels: train, or drop self_distill_from"),
    ("self_distill_from: a\nself_distill_weight: 0\npseudo_labels: train\nself_distill_kl: sym", "self_distill_weight is 0", "raise self_distill_weight, or drop self_distill_kl"),
    ("self_distill_from: a\nself_distill_keys: bbox\nself_distill_kl: sym", "self_distill_keys are bbox", "add logits to self_distill_keys, or drop self_distill_kl"),
    ("self_distill_from: a\npseudo_label_score: 0.4", "pseudo_labels is none", "set pseudo_labels: train or mask, or drop pseudo_label_score"),
    ("ewc_samples: 8", "ewc is off", "set ewc: true, or drop ewc_samples"),
    ("si_epsilon: 0.1", "si is off", "set si: true, or drop si_epsilon"),
    ("ewc: true\newc_lambda: 2", "continual_from is not set: a first task has nothing to hold", "set continual_from, or drop ewc_lambda"),
    ("symmetries: {box: z}\nmodel.pose: false", "model.pose is off", "set model.pose: true or auto, or drop symmetries"),
    ("parity_rot_deg: 1\nmodel.pose: false", "model.pose is off", "set model.pose: true or auto, or drop parity_rot_deg"),
    ("int8_max_error: 0.1", "export_precisions has no int8", "add int8 to export_precisions, or drop int8_max_error"),
    ("cell_map_loss: 0.1", "parity_runtimes names none", "set parity_runtimes, or drop cell_map_loss"),
    ("predictions: p.json", "the adapter is onnxruntime", "set adapter: precomputed, or drop predictions"),
    ("adapter: dummy\nscore_threshold: 0.5", "adapter dummy predicts nothing", "choose another adapter, or drop score_threshold"),
    ("adapter: precomputed\npredictions: p.json\npredict_shards: 4", "adapter precomputed serves a file that is there", "choose another adapter, or drop predict_shards"),
    ("ttt_steps: 2", "ttt is off", "set ttt: true, or drop ttt_steps"),
    ("adapter: rtdetr_pose\nttt: true\nttt_batch_size: 4", "ttt_reset is sample: images adapt one by one", "set ttt_reset: stream, or drop ttt_batch_size"),
    ("adapter: rtdetr_pose\nttt: true\nttt_steps: 0\nttt_lr: 0.1", "ttt_steps is 0: only statistics move", "set ttt_steps above 0, or drop ttt_lr"),
    ("adapter: rtdetr_pose\nttt: true\nttt_rollback_on_stop: false", "no limit is set", "set ttt_preset or a limit such as ttt_max_update_norm, or drop ttt_rollback_on_stop"),
    ("adapter: rtdetr_pose\nttt: true\nttt_mim_mask_prob: 0.5", "the method is tent: nothing is hidden", "set ttt_method: mim, or drop ttt_mim_mask_prob"),
    ("adapter: rtdetr_pose\nttt: true\nttt_seed: 1", "nothing is left to chance", "set ttt_update_filter: adapter_only or ttt_method: mim, or drop ttt_seed"),
    ("corruption_severity: 5", "no corruption is asked for", "set corruption, or drop corruption_severity"),
    ("corruption: contrast\ncorruption_seed: 1", "nothing about contrast is random", "choose another corruption, or drop corruption_seed"),
    ("tta_iou: 0.6", "tta is off", "set tta: true, or drop tta_iou"),
    ("tta: true\ntta_mode: model\ntta_seed: 1", "tta_mode is model: nothing is left to chance", "set tta_mode: prediction, or drop tta_seed"),
    ("tta: true\ntta_flip: true", "tta_mode is prediction: the network does not look again", "set tta_mode: model, or drop tta_flip"),
    ("tta: true\ntta_flip_prob: 1\ntta_seed: 3", "tta_flip_prob is 1.0: nothing is left to chance", "set tta_flip_prob between 0 and 1, or drop tta_seed"),
    ("tta: true\nadapter: dummy\ntta_seed: 3", "adapter dummy predicts nothing to mirror", "choose another adapter, or drop tta_seed"),
    ("checkpoint_out: checkpoints/best.pt", "every run has its best checkpoint there", "name another path, or drop checkpoint_out"),
    ("metrics_jsonl: reports/train_metrics.jsonl", "every run has its training metrics there", "name another path, or drop metrics_jsonl"),
    ("derpp_weight: 2", "derpp is off", "set derpp: true, or drop derpp_weight"),
    ("nproc_per_node: 2", "ddp is off", "set ddp: true, or drop nproc_per_node"),
    ("max_restarts: 2", "ddp is off", "set ddp: true or executor: ray, or drop max_restarts"),
    ("ray_address: head:6379", "the executor is local", "set executor: ray, or drop ray_address"),
    ("store: false\nstore_dir: team", "store is off", "set store: true, or drop store_dir"),
    ("store_remote_write: true", "store_remote is not set", "set store_remote, or drop store_remote_write"),
    ("gpus: 1", "a stage has all of this machine: the executor is local", "set executor: slurm or ray, or drop gpus"),
    ("partition: gpu", "the executor is local", "set executor: slurm, or drop partition"),
    ("ddp: true\nrdzv_id: x", "nnodes is 1: there is nobody to meet", "set nnodes above 1, or drop rdzv_id"),
    ("prefetch_factor: 4", "num_workers is 0", "set num_workers above 0, or drop prefetch_factor"),
]  # fmt: skip


def text_of(lines):
    nested = "".join(
        f"model: {{{line.removeprefix('model.')}}}\n" if line.startswith("model.") else f"{line}\n"
        for line in lines.split("\n")
    )
    return nested if "max_steps" in nested else f"epochs: 2\n{nested}"


def test_every_rule_has_its_case():
    assert len(CASES) == len(DEAD_KEYS)
    for (_, because, _), rule in zip(CASES, DEAD_KEYS, strict=True):
        assert rule.because.partition("{")[0] == because[: len(rule.because.partition("{")[0])]


@pytest.mark.parametrize(("lines", "because", "fix"), CASES, ids=[case[1] for case in CASES])
def test_a_key_without_effect_is_a_warning_that_says_what_would_change_that(load, lines, because, fix):
    findings = load(text_of(lines)).warnings
    assert [(finding.code, finding.severity, finding.problem, finding.fix) for finding in findings] == [
        ("YZ111", "warning", f"no effect here: {because}", fix)
    ]


def test_the_warning_points_to_the_line(load):
    (finding,) = load("epochs: 2\nmomentum: 0.5\n").warnings
    assert finding.render() == (
        "exp.yaml:2: momentum: warning: YZ111 no effect here: the optimizer is adamw\n"
        "  fix: set optimizer: sgd, or drop momentum"
    )


def test_defaults_nobody_wrote_are_not_dead(load):
    assert load("epochs: 2\n").warnings == ()


def test_rules_name_keys_that_exist():
    for rule in DEAD_KEYS:
        assert all(slot_at(tuple(key.split("."))) is not None for key in rule.keys)
