"""The contract that is written for data of one's own: every key with the reason for its value."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.app.own_data.settings import FEW_PICTURES, FEWEST_TO_CHOOSE_BY
from yolozu.app.starting_files import contract_for
from yolozu.contract.text.node import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.app.own_data.facts import DataFacts
    from yolozu.app.own_data.settings import Settings

COLUMN = 30
"""Where comments begin."""

WIDTH = 110
"""Characters of a line of names."""

HEAD = """\
# Written by yolozu init. `yolozu contract validate exp.yaml` checks it, `yolozu contract show exp.yaml` shows all keys.
"""

COMPACT_MODEL = """\
# Model: a compact RT-DETR of 3 million parameters, which a CPU trains in minutes, from random weights.
model:
  backbone: {{name: tiny_cnn}}
  projector: {{d_model: 128}}
  encoder: {{ffn_dim: 256, expansion: 0.5, fusion_blocks: 1}}
  decoder: {{num_layers: 3, ffn_dim: 256}}
  denoising: {{num_queries: 50}}
"""

PUBLISHED_MODEL = """\
# Model: RT-DETR-R18 as published, 20 million parameters. Its weights are the best start there is:
# pip install 'yolozu[hub]', and take the # from the two lines below (docs/how-to/start-from-published-weights.md).
model:
  backbone: {{name: resnet18_vd}}
  encoder: {{expansion: 0.5}}
  decoder: {{num_layers: 3}}
"""

WEIGHTS_MODEL = """\
# Model and first weights as published; the build fetches them once ({size_mb:g} MB; pip install 'yolozu[hub]').
{model}\
"""

FEW = """\
# {pictures} are few. From random weights they teach a detector these pictures, and little about others: expect it to
# find objects on pictures it has seen, and a map50_95 near 0 on held-out ones. What lifts it, best first: first weights
# (`yolozu weights` lists them; yolozu init FOLDER --from NAME, in a new directory), more pictures, more steps.
"""

FEW_AUGMENTED = """\
# Augmentation: every picture looks a little different each time. Zoom and shift (scale_min, scale_max, translate) are
# worth it with more pictures and steps; few steps do not get through them.
"""

SOME = """\
# What lifts a detector, best first: first weights (`yolozu weights` lists them; yolozu init FOLDER --from NAME, in a
# new directory), more pictures, more steps.
"""


@dataclass(frozen=True)
class DataKeys:
    """What a contract says of its data.

    Attributes:
        dataset_root: as seen from the working directory.
        split: trained on.
        val_split: held out.
        classes: their names.
        described: the data in a few words.
        num_flawed: pictures and labels that break a rule and are left out; 0 where none does.
    """

    dataset_root: str
    split: str
    val_split: str
    classes: tuple[str, ...]
    described: str
    num_flawed: int


def contract_text(data: DataKeys, facts: DataFacts, settings: Settings) -> str:
    """The text of an ``exp.yaml``."""
    return "".join(
        [
            HEAD,
            "config_version: 1\n",
            _line("run_id", "exp", "runs/exp; doit run_id=other makes another run of the same contract"),
            "\n",
            *_data_lines(data, facts),
            "\n",
            *_device_lines(settings),
            "\n",
            *_model_lines(facts, settings),
            "\n",
            *_training_lines(facts, settings),
            "\n",
            *_augmentation_lines(facts),
        ]
    )


def _data_lines(data: DataKeys, facts: DataFacts) -> Iterator[str]:
    yield f"# Data: {printable(data.described)}\n"
    listed = f"{_counted(len(data.classes), 'class', 'classes')}: {', '.join(data.classes)}"
    yield f"# {printable(textwrap.shorten(listed, WIDTH, placeholder=' …'))}\n"
    yield _line("dataset_root", _quoted(data.dataset_root), None)
    yield _line("split", _quoted(data.split), f"trained on: {facts.num_pictures} pictures, {facts.num_objects} objects")
    yield _line("val_split", _quoted(data.val_split), f"held out, and predicted: {facts.num_held_out} pictures")
    if data.num_flawed:
        why = f"leave out what breaks a rule ({data.num_flawed} now; yolozu data check); fail would stop"
        yield _line("check_data", "drop", why)


def _device_lines(settings: Settings) -> Iterator[str]:
    on_cpu = settings.device == "cpu"
    yield _line("device", settings.device, "no CUDA device is here" if on_cpu else "found here; cpu works everywhere")
    yield _line("amp", "none", None if on_cpu else "bf16 is faster on recent GPUs")
    yield "ddp: false\n"
    yield "seed: 0\n"
    why = "px of the network input: objects stay large enough, and a step is quick" if on_cpu else "px, as published"
    yield _line("image_size", settings.image_size, why)


def _model_lines(facts: DataFacts, settings: Settings) -> Iterator[str]:
    if settings.weights is not None:
        _, _, behind = contract_for(settings.weights).partition("\nmodel:\n")
        model, _, _ = behind.partition("\n\n")
        yield WEIGHTS_MODEL.format(size_mb=settings.weights.size_mb, model=f"model:\n{model}\n")
        return
    yield (COMPACT_MODEL if settings.is_compact else PUBLISHED_MODEL).format()
    why = f"most objects a picture can have; yours have up to {facts.most_objects}"
    yield _line("  num_queries", settings.num_queries, why)
    if not settings.is_compact:
        yield "# init_from: rtdetr_r18vd_coco\n# head_init: remap\n"


def _training_lines(facts: DataFacts, settings: Settings) -> Iterator[str]:
    pictures = _counted(facts.num_pictures, "picture")
    if settings.weights is None:
        yield (FEW if facts.num_pictures <= FEW_PICTURES else SOME).format(pictures=pictures)
    epochs = max(1, settings.max_steps * settings.batch_size // max(1, facts.num_pictures))
    time = "" if settings.minutes is None else f", some {settings.minutes:.0f} minutes on this CPU"
    yield _line("batch_size", settings.batch_size, None)
    yield _line("max_steps", settings.max_steps, f"each picture {epochs} times{time}")
    yield _line("lr", "5.0e-4" if settings.is_compact else "1.0e-4", None)
    yield _line("lr_warmup_steps", settings.lr_warmup_steps, "the rate rises at first, then falls along a cosine")
    yield "scheduler: cosine\n"
    yield "weight_decay: 1.0e-4\n"
    yield _line("clip_grad_norm", "1.0" if settings.is_compact else "0.1", None)
    if not settings.is_compact:
        yield "use_param_groups: true\n"
        yield _line("backbone_lr_mult", "0.1", "a backbone with first weights moves slowly; without them, set 1.0")
    yield _line("use_ema", "true", "validate and export the average of the weights of many steps: it is steadier")
    yield _line("ema_decay", f"{settings.ema_decay:g}", None)
    yield "ema_eval: true\n"
    few = f"validate at the end: {facts.num_held_out} held-out pictures are too few to choose weights by"
    why = few if facts.num_held_out < FEWEST_TO_CHOOSE_BY else "epochs between validations, the best of which is kept"
    yield _line("val_every", settings.val_every, why)


def _augmentation_lines(facts: DataFacts) -> Iterator[str]:
    few = facts.num_pictures <= FEW_PICTURES
    yield FEW_AUGMENTED if few else "# Augmentation: every picture looks a little different each time.\n"
    if not facts.has_poses:
        yield _line("hflip_prob", "0.5", "set 0 where left and right matter: text, arrows")
    yield _line("hsv_h", "0.015", "hue, saturation, brightness")
    yield "hsv_s: 0.4\n"
    yield "hsv_v: 0.3\n"
    if not few:
        yield _line("scale_min", "0.8", "zoom and shift")
        yield "scale_max: 1.2\n"
        yield "translate: 0.1\n"
    if facts.num_pictures <= 2000:
        yield _line("cache", "ram", "decoded pictures stay in memory")


def _line(key: str, value: object, why: str | None) -> str:
    text = f"{key}: {value}"
    return f"{text}\n" if why is None else f"{text:<{COLUMN - 1}} # {why}\n"


def _quoted(text: str) -> str:
    """``text`` as YAML: plain where that is certain to mean a text."""
    plain = text.replace("/", "").replace(".", "").replace("-", "").replace("_", "")
    is_plain = (
        plain.isascii() and plain.isalnum() and not plain.isdigit() and text[0].isalpha() and text.lower() not in WORDS
    )
    return text if is_plain else json.dumps(text, ensure_ascii=False)


WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "none", "y", "n", "synthetic"})


def _counted(number: int, one: str, several: str | None = None) -> str:
    return f"{number} {one if number == 1 else f'{one}s' if several is None else several}"
