"""Keys that are valid but do nothing here, and what would bring them to life."""

# ruff: noqa: E501 (the table reads best with one rule a line)

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from yolozu.contract.rules_of_adapters import freezes_base
from yolozu.contract.sections.data import SYNTHETIC
from yolozu.contract.sections.files import THERE_ANYWAY
from yolozu.contract.sections.run import Contract
from yolozu.contract.sections.ttt_presets import filter_of, limits_of, method_of
from yolozu.contract.strict.slots import flat_json, keys
from yolozu.contract.text.node import KeyPath, Node, Problem
from yolozu.data.corruption.registry import UNSEEDED_CORRUPTIONS
from yolozu.geometry.input_sizes import input_sizes
from yolozu.model.backbones.registry import NORM_BY_DESIGN
from yolozu.predict.adapters.registry import ADAPTERS


@dataclass(frozen=True)
class UnusedKey:
    """When some keys have no effect.

    Attributes:
        keys: the keys, dotted where they nest.
        when: whether they are dead in this contract.
        because: why; ``{key}`` stands for that key's value.
        alive: what would bring them to life.
    """

    keys: tuple[str, ...]
    when: Callable[[Contract], bool]
    because: str
    alive: str


# fmt: off
_WARMUP = ("lr_warmup_steps", "lr_warmup_init")
_MULTIPLIERS = ("backbone_lr_mult", "head_lr_mult", "backbone_wd_mult", "head_wd_mult")
_DECAYS = ("wd_exclude_bias", "wd_exclude_norm", "backbone_wd_mult", "head_wd_mult")
_SYNTH = ("synth_images", "synth_val_images", "synth_size", "synth_max_objects", "synth_table", "synth_seed")
_COSTS = ("cost_class", "cost_bbox", "cost_giou")
_POSE_COSTS = ("cost_z", "cost_rot", "cost_t")
_POSE_LOSSES = ("log_z", "rot", "offsets", "k", "t")
_OF_POSES = (*_POSE_COSTS, *(f"{key}_start_step" for key in _POSE_COSTS), *(f"loss_weights.{key}" for key in _POSE_LOSSES), "stage_off_steps", "stage_k_steps", "model.use_uncertainty")
_NOISE = ("model.denoising.label_noise", "model.denoising.box_noise")
_SKIPS = ("non_finite_max_skips", "non_finite_lr_decay")
_OF_SLURM = ("partition", "account", "time_limit", "sbatch_args")
_MEETING = ("rdzv_backend", "rdzv_endpoint", "rdzv_id")
_GROUP = ("nproc_per_node", "nnodes", *_MEETING)
_TTA = ("tta_mode", "tta_seed", "tta_flip_prob", "tta_scales", "tta_rotations_deg", "tta_flip", "tta_iou")
_JITTER = ("jitter_dfx", "jitter_dfy", "jitter_dcx", "jitter_dcy")
_MIM = ("mim_mask_prob", "mim_patch_size", "loss_weights.mim")
_TTT_LIMITS = ("ttt_max_grad_norm", "ttt_max_update_norm", "ttt_max_total_update_norm", "ttt_max_loss_ratio", "ttt_max_loss_increase")
_TTT_STEPS = ("ttt_method", "ttt_update_filter", "ttt_include", "ttt_exclude", "ttt_lr", "ttt_seed", "ttt_mim_mask_prob", "ttt_stop_on_non_finite", "ttt_rollback_on_stop", *_TTT_LIMITS)
_TTT = ("ttt_preset", "ttt_reset", "ttt_steps", "ttt_batch_size", "ttt_max_batches", "ttt_norm_weight", *_TTT_STEPS)
_LORA = ("lora_alpha", "lora_dropout", "lora_target", "lora_freeze_base", "lora_train_bias")
_DISTILLED = ("self_distill_temperature", "self_distill_kl", "self_distill_keys")
_TAUGHT = ("self_distill_weight", *_DISTILLED, "pseudo_labels", "pseudo_label_score")
_ENCODER = ("model.encoder.num_heads", "model.encoder.ffn_dim")

DEAD_KEYS = (
    UnusedKey(("momentum", "nesterov"), lambda c: c.optim.optimizer != "sgd", "the optimizer is {optimizer}", "set optimizer: sgd"),
    UnusedKey(_MULTIPLIERS, lambda c: not c.optim.use_param_groups, "use_param_groups is off", "set use_param_groups: true"),
    UnusedKey(_DECAYS, lambda c: c.optim.weight_decay == 0, "weight_decay is 0", "set weight_decay above 0"),
    UnusedKey(("min_lr",), lambda c: c.schedule.scheduler != "cosine", "the scheduler is {scheduler}", "set scheduler: cosine"),
    UnusedKey(("scheduler_milestones", "scheduler_gamma"), lambda c: c.schedule.scheduler != "multistep", "the scheduler is {scheduler}", "set scheduler: multistep"),
    UnusedKey(("scheduler", "scheduler_gamma"), lambda c: c.schedule.scheduler == "multistep" and not c.schedule.scheduler_milestones, "multistep has no milestones", "set scheduler_milestones"),
    UnusedKey(("scheduler_milestones",), lambda c: c.schedule.scheduler == "multistep" and _last_milestone(c) >= _steps(c), "training ends at step {max_steps}, before a milestone", "raise max_steps"),
    UnusedKey(_WARMUP, lambda c: c.schedule.scheduler == "onecycle", "onecycle has its own warm-up", "choose another scheduler"),
    UnusedKey(("lr_warmup_init",), lambda c: c.schedule.lr_warmup_steps == 0, "lr_warmup_steps is 0", "set lr_warmup_steps above 0"),
    UnusedKey(("extend",), lambda c: c.schedule.scheduler in {"none", "multistep"}, "scheduler {scheduler} does not depend on the length: raise max_steps or epochs", "set scheduler: cosine or onecycle"),
    UnusedKey(("ema_decay", "ema_eval"), lambda c: not c.loop.use_ema, "use_ema is off", "set use_ema: true"),
    UnusedKey(("winograd",), lambda c: c.device.device != "cpu", "the device is {device}, where libraries choose", "set device: cpu"),
    UnusedKey(("winograd",), lambda c: c.loop.amp != "none", "it is for float32, and amp is {amp}", "set amp: none"),
    UnusedKey(("winograd",), lambda c: c.loop.torch_compile, "torch_compile is on: the compiler chooses", "set torch_compile: false"),
    UnusedKey(("early_stop_min_delta",), lambda c: c.loop.early_stop_patience == 0, "early_stop_patience is 0", "set early_stop_patience above 0"),
    UnusedKey(_SKIPS, lambda c: c.loop.stop_on_non_finite_loss, "stop_on_non_finite_loss is on: no step is skipped", "set stop_on_non_finite_loss: false"),
    UnusedKey(("non_finite_lr_decay",), lambda c: c.loop.non_finite_max_skips == 0, "non_finite_max_skips is 0: no step is skipped", "set non_finite_max_skips above 0"),
    UnusedKey(("val_every_steps",), lambda c: c.loop.val_every_steps is not None and c.loop.val_every_steps > _steps(c), "training ends at step {max_steps}", "lower val_every_steps or raise max_steps"),
    UnusedKey(_LORA, lambda c: c.lora.lora_r == 0, "lora_r is 0: there are no adapters", "set lora_r above 0"),
    UnusedKey(("lora_train_bias",), lambda c: not c.lora.lora_freeze_base, "lora_freeze_base is off: all biases train", "set lora_freeze_base: true"),
    UnusedKey(("wd_exclude_bias", "wd_exclude_norm"), lambda c: freezes_base(c) and c.lora.lora_train_bias == "none", "adapters alone train, and are neither", "set lora_train_bias: all"),
    UnusedKey(("backbone_lr_mult", "backbone_wd_mult"), lambda c: freezes_base(c) and c.lora.lora_target == "head" and c.lora.lora_train_bias == "none", "nothing of the backbone trains: lora_target is head", "set lora_target: all_linear_conv1x1"),
    UnusedKey(_SYNTH, lambda c: c.dataset.dataset_root != SYNTHETIC, "dataset_root is {dataset_root}", "set dataset_root: synthetic"),
    UnusedKey(_JITTER, lambda c: not c.augment.intrinsics_jitter, "intrinsics_jitter is off", "set intrinsics_jitter: true"),
    UnusedKey(("multiscale",), lambda c: _drawn_sizes(c) == (_size(c),), "the only size drawn is that of image_size {image_size}", "list several sizes, or raise image_size to 128 or more"),
    UnusedKey(_COSTS, lambda c: not c.matching.use_matcher, "use_matcher is off", "set use_matcher: true"),
    UnusedKey((*_POSE_COSTS, *(f"{key}_start_step" for key in _POSE_COSTS)), lambda c: not c.matching.use_matcher, "use_matcher is off", "set use_matcher: true"),
    UnusedKey(_OF_POSES, lambda c: c.model.model.pose is False, "the detector has no pose heads", "leave out model.pose: false"),
    UnusedKey(("cost_z_start_step",), lambda c: c.matching.cost_z == 0, "cost_z is 0", "set cost_z above 0"),
    UnusedKey(("cost_rot_start_step",), lambda c: c.matching.cost_rot == 0, "cost_rot is 0", "set cost_rot above 0"),
    UnusedKey(("cost_t_start_step",), lambda c: c.matching.cost_t == 0, "cost_t is 0", "set cost_t above 0"),
    UnusedKey(("model.use_uncertainty",), lambda c: c.losses.task_aligner == "none", "no loss teaches these heads: task_aligner is none", "set task_aligner: uncertainty"),
    UnusedKey(("torchao_required",), lambda c: c.quantization.scheme == "none", "torchao_quant is none", "set torchao_quant: int8wo"),
    UnusedKey(("torchao_required",), lambda c: c.quantization.qlora, "qlora requires it anyway", "set torchao_quant without qlora"),
    UnusedKey(_MIM, lambda c: not c.mim.enable_mim, "enable_mim is off", "set enable_mim: true"),
    UnusedKey(_NOISE, lambda c: c.model.model.denoising.num_queries == 0, "model.denoising.num_queries is 0", "set model.denoising.num_queries above 0"),
    UnusedKey(("model.backbone.norm",), lambda c: c.model.model.backbone.name in NORM_BY_DESIGN, "{model[backbone][name]} has a normalization of its own", "choose another backbone"),
    UnusedKey(_ENCODER, lambda c: c.model.model.encoder.num_layers == 0, "model.encoder.num_layers is 0", "set model.encoder.num_layers above 0"),
    UnusedKey(("head_init",), lambda c: c.init.init_from is None, "init_from is not set: all weights are new", "set init_from"),
    UnusedKey(_TAUGHT, lambda c: c.distillation.self_distill_from is None, "self_distill_from is not set: nobody teaches", "set self_distill_from"),
    UnusedKey(("self_distill_from",), lambda c: c.distillation.self_distill_weight == 0.0 and c.distillation.pseudo_labels == "none", "self_distill_weight is 0 and pseudo_labels none: the teacher is asked nothing", "raise self_distill_weight or set pseudo_labels: train"),
    UnusedKey(_DISTILLED, lambda c: c.distillation.self_distill_weight == 0.0, "self_distill_weight is 0", "raise self_distill_weight"),
    UnusedKey(_DISTILLED[:2], lambda c: "logits" not in c.distillation.keys, "self_distill_keys are {self_distill_keys}", "add logits to self_distill_keys"),
    UnusedKey(("pseudo_label_score",), lambda c: c.distillation.pseudo_labels == "none", "pseudo_labels is none", "set pseudo_labels: train or mask"),
    UnusedKey(("ewc_lambda", "ewc_samples"), lambda c: not c.continual.ewc, "ewc is off", "set ewc: true"),
    UnusedKey(("si_c", "si_epsilon"), lambda c: not c.continual.si, "si is off", "set si: true"),
    UnusedKey(("ewc_lambda", "si_c"), lambda c: c.continual.continual_from is None, "continual_from is not set: a first task has nothing to hold", "set continual_from"),
    UnusedKey(("symmetries",), lambda c: c.model.model.pose is False and c.predict.adapter != "precomputed", "model.pose is off", "set model.pose: true or auto"),
    UnusedKey(("parity_rot_deg", "parity_t_mm"), lambda c: c.model.model.pose is False, "model.pose is off", "set model.pose: true or auto"),
    UnusedKey(("calibration_images", "int8_max_error"), lambda c: "int8" not in c.precisions.export_precisions, "export_precisions has no int8", "add int8 to export_precisions"),
    UnusedKey(("cell_map_loss", "cell_add_loss", "cell_policy"), lambda c: not c.cells.parity_runtimes, "parity_runtimes names none", "set parity_runtimes"),
    UnusedKey(("predictions",), lambda c: c.predict.adapter in ADAPTERS and c.predict.adapter != "precomputed", "the adapter is {adapter}", "set adapter: precomputed"),
    UnusedKey(("score_threshold", "max_detections"), lambda c: c.predict.adapter == "dummy", "adapter dummy predicts nothing", "choose another adapter"),
    UnusedKey(("predict_shards",), lambda c: c.predict.adapter == "precomputed", "adapter precomputed serves a file that is there", "choose another adapter"),
    UnusedKey(_TTT, lambda c: not c.ttt.ttt, "ttt is off", "set ttt: true"),
    UnusedKey(("ttt_batch_size", "ttt_max_batches", "ttt_stop_on_non_finite"), lambda c: c.ttt.ttt_reset == "sample", "ttt_reset is sample: images adapt one by one", "set ttt_reset: stream"),
    UnusedKey(_TTT_STEPS, lambda c: c.ttt.ttt_steps == 0, "ttt_steps is 0: only statistics move", "set ttt_steps above 0"),
    UnusedKey(("ttt_rollback_on_stop",), lambda c: not any(vars(limits_of(c.ttt)).values()), "no limit is set", "set ttt_preset or a limit such as ttt_max_update_norm"),
    UnusedKey(("ttt_mim_mask_prob",), lambda c: method_of(c.ttt) != "mim", "the method is tent: nothing is hidden", "set ttt_method: mim"),
    UnusedKey(("ttt_seed",), lambda c: method_of(c.ttt) == "tent" and filter_of(c.ttt) != "adapter_only", "nothing is left to chance", "set ttt_update_filter: adapter_only or ttt_method: mim"),
    UnusedKey(("corruption_severity", "corruption_seed"), lambda c: c.corruption.corruption is None, "no corruption is asked for", "set corruption"),
    UnusedKey(("corruption_seed",), lambda c: c.corruption.corruption in UNSEEDED_CORRUPTIONS, "nothing about {corruption} is random", "choose another corruption"),
    UnusedKey(_TTA, lambda c: not c.tta.tta, "tta is off", "set tta: true"),
    UnusedKey(_TTA[1:3], lambda c: c.tta.tta_mode == "model", "tta_mode is model: nothing is left to chance", "set tta_mode: prediction"),
    UnusedKey(_TTA[3:], lambda c: c.tta.tta_mode == "prediction", "tta_mode is prediction: the network does not look again", "set tta_mode: model"),
    UnusedKey(("tta_seed",), lambda c: c.tta.tta_flip_prob in {0.0, 1.0}, "tta_flip_prob is {tta_flip_prob}: nothing is left to chance", "set tta_flip_prob between 0 and 1"),
    UnusedKey(("tta_flip_prob", "tta_seed"), lambda c: c.predict.adapter == "dummy", "adapter dummy predicts nothing to mirror", "choose another adapter"),
    UnusedKey(("checkpoint_out",), lambda c: c.files.checkpoint_out == THERE_ANYWAY["checkpoint_out"], "every run has its best checkpoint there", "name another path"),
    UnusedKey(("metrics_jsonl",), lambda c: c.files.metrics_jsonl == THERE_ANYWAY["metrics_jsonl"], "every run has its training metrics there", "name another path"),
    UnusedKey(("derpp_weight", "derpp_teacher_key"), lambda c: not c.continual.derpp, "derpp is off", "set derpp: true"),
    UnusedKey(_GROUP, lambda c: not c.loop.ddp, "ddp is off", "set ddp: true"),
    UnusedKey(("max_restarts",), lambda c: not c.loop.ddp and c.operations.executor != "ray", "ddp is off", "set ddp: true or executor: ray"),
    UnusedKey(("ray_address",), lambda c: c.operations.executor != "ray", "the executor is {executor}", "set executor: ray"),
    UnusedKey(("store_dir", "store_remote", "store_remote_write"), lambda c: not c.operations.store, "store is off", "set store: true"),
    UnusedKey(("store_remote_write",), lambda c: c.operations.store_remote is None, "store_remote is not set", "set store_remote"),
    UnusedKey(("gpus", "cpus", "memory"), lambda c: c.operations.executor == "local", "a stage has all of this machine: the executor is local", "set executor: slurm or ray"),
    UnusedKey(_OF_SLURM, lambda c: c.operations.executor != "slurm", "the executor is {executor}", "set executor: slurm"),
    UnusedKey(_MEETING, lambda c: c.operations.nnodes == 1, "nnodes is 1: there is nobody to meet", "set nnodes above 1"),
    UnusedKey(("prefetch_factor",), lambda c: c.operations.num_workers == 0, "num_workers is 0", "set num_workers above 0"),
)
# fmt: on


def unused_keys(root: Node, contract: Contract) -> Iterator[Problem]:
    """Problems (code YZ111) with given keys that have no effect.

    A file that spells out every key (a resolved contract) says nothing by spelling a default, so there only values that
    differ from the default count.
    """
    complete = set(keys()) <= set(root.value)
    told: set[KeyPath] = set()
    for rule in DEAD_KEYS:
        if not rule.when(contract):
            continue
        for key in rule.keys:
            path: KeyPath = tuple(key.split("."))
            node = root.find(path)
            if node is None or path in told or (complete and _is_default(path, node)):
                continue
            told.add(path)
            because = rule.because.format_map(flat_json(contract))
            yield Problem.at(node.origin, path, "YZ111", f"no effect here: {because}", f"{rule.alive}, or drop {key}")


def _is_default(path: KeyPath, node: Node) -> bool:
    from yolozu.contract.strict.slots import slot_at

    slot = slot_at(path)
    assert slot is not None
    default = list(slot.default) if isinstance(slot.default, tuple) else slot.default
    return bool(node.plain() == default)


def _size(contract: Contract) -> tuple[int, int]:
    size = contract.preprocess.image_size
    return (size, size) if isinstance(size, int) else size


def _drawn_sizes(contract: Contract) -> tuple[tuple[int, int], ...]:
    return input_sizes(contract.augment.multiscale, _size(contract))


def _steps(contract: Contract) -> float:
    return float("inf") if contract.length.max_steps is None else contract.length.max_steps


def _last_milestone(contract: Contract) -> float:
    return max(contract.schedule.scheduler_milestones, default=0)
