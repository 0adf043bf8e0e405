"""Keys of other trainers, and what they are called here: for people who come with a file or a habit."""

from __future__ import annotations

from typing import NamedTuple


class ForeignKey(NamedTuple):
    """What a key of another trainer is here.

    Attributes:
        ours: the key that means the same; None where there is none.
        remark: how it differs, or what to do instead.
    """

    ours: str | None
    remark: str = ""


_DATA_YAML = ForeignKey(None, "it belongs into a data.yaml, which dataset_root may name")
_MASKS = ForeignKey(None, "masks are not learned")
_AUGMENTED = ForeignKey(None, "augmentations are keys of their own: hsv_v, scale_min, translate, mosaic_prob, …")
_CODEC = ForeignKey(None, "the exported file has float32 weights and takes any number of images")

FOREIGN_KEYS = {
    # What Ultralytics says of data and runs.
    "data": ForeignKey("dataset_root", "a folder, or a data.yaml"),
    "batch": ForeignKey("batch_size"),
    "imgsz": ForeignKey("image_size", "a multiple of 32"),
    "img_size": ForeignKey("image_size", "a multiple of 32"),
    "workers": ForeignKey("num_workers"),
    "gpu": ForeignKey("device", "cpu, cuda or cuda:N; several with ddp: true"),
    "name": ForeignKey("run_id"),
    "project": ForeignKey(None, "runs lie in runs/<run_id>; run_dir=DIR on the command line names another place"),
    "exist_ok": ForeignKey(None, "a finished run is never overwritten: the same command builds what is stale"),
    "resume": ForeignKey(None, "the same command goes on from the last save"),
    "save": ForeignKey(None, "last.pt and best.pt are always saved"),
    "save_period": ForeignKey("save_last_every", "in steps; only last.pt and best.pt are kept"),
    "plots": ForeignKey(None, "reports are files of the run"),
    "verbose": ForeignKey(None, "log_every says how often metrics are logged"),
    "time": ForeignKey(None, "max_steps or epochs says how long training lasts"),
    "fraction": ForeignKey("train_max_images", "a number of images"),
    "classes": ForeignKey(None, "the data set says its classes, and all are learned"),
    "single_cls": ForeignKey(None, "the data set says its classes"),
    "nc": ForeignKey(None, "the data set says its classes"),
    "num_classes": ForeignKey(None, "the data set says its classes"),
    "names": ForeignKey(None, "the data set says its classes: in its data.yaml, classes.txt or annotations"),
    "path": _DATA_YAML,
    "train": _DATA_YAML,
    "test": _DATA_YAML,
    "task": ForeignKey(None, "detectors are trained, with poses where the data has any"),
    "mode": ForeignKey(None, "the command says what is done"),
    "rect": ForeignKey(None, "pictures are letterboxed into image_size, which may be [height, width]"),
    "compile": ForeignKey("torch_compile"),
    # What Ultralytics says of first weights.
    "pretrained": ForeignKey("init_from", "a file of weights"),
    "weights": ForeignKey("init_from", "a file of weights"),
    "freeze": ForeignKey(None, "backbone_lr_mult: 0 with use_param_groups: true keeps the backbone's weights"),
    # What Ultralytics says of learning.
    "lr0": ForeignKey("lr"),
    "lrf": ForeignKey("min_lr", "a learning rate, not a fraction; with scheduler: cosine"),
    "cos_lr": ForeignKey("scheduler", "cosine"),
    "warmup_epochs": ForeignKey("lr_warmup_steps", "in steps"),
    "warmup_steps": ForeignKey("lr_warmup_steps"),
    "warmup_ratio": ForeignKey("lr_warmup_steps", "in steps"),
    "warmup_bias_lr": ForeignKey("lr_warmup_init", "of all parameters"),
    "warmup_momentum": ForeignKey(None, "momentum stays the same"),
    "patience": ForeignKey("early_stop_patience", "in validations"),
    "nbs": ForeignKey("gradient_accumulation_steps"),
    "accumulate": ForeignKey("gradient_accumulation_steps"),
    "box": ForeignKey("loss_weights.bbox"),
    "cls": ForeignKey("loss_weights.vfl"),
    "dfl": ForeignKey(None, "boxes are regressed, without a distribution"),
    "kobj": ForeignKey(None, "keypoints are not learned"),
    "val": ForeignKey("val_every", "in epochs; as a split: val_split"),
    # What Ultralytics says of augmentation.
    "fliplr": ForeignKey("hflip_prob"),
    "flipud": ForeignKey(None, "pictures are mirrored left to right (hflip_prob) and turned (rotate_deg)"),
    "degrees": ForeignKey("rotate_deg"),
    "scale": ForeignKey("scale_min", "and scale_max: 0.5 there is 0.5 and 1.5 here"),
    "shear": ForeignKey(None, "a sheared picture has no camera, so that poses would be wrong"),
    "perspective": ForeignKey(None, "a warped picture has no camera, so that poses would be wrong"),
    "bgr": ForeignKey(None, "hsv_h and gray_prob change colors"),
    "mosaic": ForeignKey("mosaic_prob"),
    "close_mosaic": ForeignKey(None, "mosaic_prob is the same to the end"),
    "mixup": ForeignKey(None, "mosaic_prob joins pictures, paste_backgrounds changes backgrounds"),
    "cutmix": ForeignKey(None, "mosaic_prob joins pictures, paste_backgrounds changes backgrounds"),
    "copy_paste": ForeignKey(None, "yolozu data paste makes such a data set; paste_backgrounds changes backgrounds"),
    "auto_augment": _AUGMENTED,
    "erasing": _AUGMENTED,
    "multi_scale": ForeignKey("multiscale"),
    # What Ultralytics says of prediction and export.
    "conf": ForeignKey("score_threshold"),
    "max_det": ForeignKey("max_detections"),
    "iou": ForeignKey(None, "RT-DETR finds each object once, without suppressing overlaps"),
    "agnostic_nms": ForeignKey(None, "RT-DETR finds each object once, without suppressing overlaps"),
    "augment": ForeignKey("tta", "with tta_mode: model"),
    "half": ForeignKey("amp", "bf16 or fp16, in training"),
    "int8": _CODEC,
    "dynamic": _CODEC,
    "simplify": _CODEC,
    "opset": ForeignKey("onnx_opset"),
    "format": ForeignKey(None, "the exported file is ONNX"),
    "overlap_mask": _MASKS,
    "mask_ratio": _MASKS,
    "retina_masks": _MASKS,
    # What RF-DETR, DETR and transformers say.
    "dataset_dir": ForeignKey("dataset_root"),
    "coco_path": ForeignKey("dataset_root"),
    "output_dir": ForeignKey(None, "runs lie in runs/<run_id>; run_dir=DIR on the command line names another place"),
    "resolution": ForeignKey("image_size"),
    "learning_rate": ForeignKey("lr"),
    "base_lr": ForeignKey("lr"),
    "lr_encoder": ForeignKey("backbone_lr_mult", "a factor on lr, with use_param_groups: true"),
    "lr_backbone": ForeignKey("backbone_lr_mult", "a factor on lr, with use_param_groups: true"),
    "lr_drop": ForeignKey("scheduler_milestones", "in steps, with scheduler: multistep"),
    "grad_accum_steps": ForeignKey("gradient_accumulation_steps"),
    "clip_max_norm": ForeignKey("clip_grad_norm"),
    "max_grad_norm": ForeignKey("clip_grad_norm"),
    "num_train_epochs": ForeignKey("epochs"),
    "num_epochs": ForeignKey("epochs"),
    "per_device_train_batch_size": ForeignKey("batch_size", "of all processes together"),
    "lr_scheduler": ForeignKey("scheduler"),
    "lr_scheduler_type": ForeignKey("scheduler"),
    "early_stopping": ForeignKey("early_stop_patience", "0 never stops"),
    "fp16": ForeignKey("amp", "fp16"),
    "bf16": ForeignKey("amp", "bf16"),
    "pretrain_weights": ForeignKey("init_from", "a file of weights"),
    "checkpoint": ForeignKey("init_from", "a file of weights to start from"),
    "dataloader_num_workers": ForeignKey("num_workers"),
}  # fmt: skip


FOREIGN_VALUES = {
    ("amp", "true"): "write bf16, or fp16 on cuda",
    ("amp", "false"): "write none",
    ("cache", "true"): "write ram",
    ("cache", "false"): "write none",
    ("optimizer", "auto"): "write adamw",
    ("device", "mps"): "write cpu: Apple's GPU is not used",
}
"""Key and value in lower case -> what to write instead of a value that other trainers take."""


def foreign_value_fix(key: str, value: object) -> str | None:
    """What to write instead of another trainer's ``value`` of our ``key``; None where it is none."""
    text = str(value).lower()
    if key == "device" and text.isdecimal():
        return f"write cuda:{text}"
    if key == "device" and text.replace(",", "").isdecimal():
        return f"write cuda, ddp: true and nproc_per_node: {text.count(',') + 1}"
    return FOREIGN_VALUES.get((key, text))


def option_of(key: ForeignKey) -> str | None:
    """The option that means the same, such as ``--image-size``; where the key nests, KEY=VALUE has no option."""
    return key.ours if key.ours is None or "." in key.ours else f"--{key.ours.replace('_', '-')}"


def foreign_fix(name: str, *, flag: bool = False) -> str | None:
    """What to write instead of another trainer's key ``name``; None where it is none.

    Args:
        name: as it was given, with underscores.
        flag: whether it was given as an option, so that the answer is one too.
    """
    known = FOREIGN_KEYS.get(name)
    if known is None:
        return None
    if known.ours is None:
        return f"not there: {known.remark}"
    ours = option_of(known) if flag else known.ours
    return f"here it is {ours}{f': {known.remark}' if known.remark else ''}"
