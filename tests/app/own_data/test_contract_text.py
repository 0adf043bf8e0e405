from __future__ import annotations

from dataclasses import replace

import pytest

from tests.data.builders import write_file
from yolozu.app.own_data.contract_text import DataKeys, contract_text
from yolozu.app.own_data.facts import DataFacts
from yolozu.app.own_data.settings import Settings
from yolozu.artifacts.published_weights import SPELLINGS
from yolozu.contract.loader import load_contract

KEYS = DataKeys("data.yaml", "train", "val", ("dog", "person"), "photos, 20 pictures with label files", num_flawed=0)
FACTS = DataFacts(16, 4, 28, 6, 0.4, 640, has_poses=False)
CPU = Settings("cpu", 256, 8, 450, 22, 22, 0.99, 30, 6.0)
CUDA = Settings("cuda", 640, 16, 3000, 150, 300, 0.998, 300, None)
WITH_WEIGHTS = replace(CPU, max_steps=300, minutes=None, weights=SPELLINGS["rtdetr_v2_r34vd_coco"])

ON_CPU = """\
# Written by yolozu init. `yolozu contract validate exp.yaml` checks it, `yolozu contract show exp.yaml` shows all keys.
config_version: 1
run_id: exp                   # runs/exp; doit run_id=other makes another run of the same contract

# Data: photos, 20 pictures with label files
# 2 classes: dog, person
dataset_root: data.yaml
split: train                  # trained on: 16 pictures, 28 objects
val_split: val                # held out, and predicted: 4 pictures

device: cpu                   # no CUDA device is here
amp: none
ddp: false
seed: 0
image_size: 256               # px of the network input: objects stay large enough, and a step is quick

# Model: a compact RT-DETR of 3 million parameters, which a CPU trains in minutes, from random weights.
model:
  backbone: {name: tiny_cnn}
  projector: {d_model: 128}
  encoder: {ffn_dim: 256, expansion: 0.5, fusion_blocks: 1}
  decoder: {num_layers: 3, ffn_dim: 256}
  denoising: {num_queries: 50}
  num_queries: 30             # most objects a picture can have; yours have up to 6

# 16 pictures are few. From random weights they teach a detector these pictures, and little about others: expect it to
# find objects on pictures it has seen, and a map50_95 near 0 on held-out ones. What lifts it, best first: first weights
# (`yolozu weights` lists them; yolozu init FOLDER --from NAME, in a new directory), more pictures, more steps.
batch_size: 8
max_steps: 450                # each picture 225 times, some 6 minutes on this CPU
lr: 5.0e-4
lr_warmup_steps: 22           # the rate rises at first, then falls along a cosine
scheduler: cosine
weight_decay: 1.0e-4
clip_grad_norm: 1.0
use_ema: true                 # validate and export the average of the weights of many steps: it is steadier
ema_decay: 0.99
ema_eval: true
val_every: 22                 # validate at the end: 4 held-out pictures are too few to choose weights by

# Augmentation: every picture looks a little different each time. Zoom and shift (scale_min, scale_max, translate) are
# worth it with more pictures and steps; few steps do not get through them.
hflip_prob: 0.5               # set 0 where left and right matter: text, arrows
hsv_h: 0.015                  # hue, saturation, brightness
hsv_s: 0.4
hsv_v: 0.3
cache: ram                    # decoded pictures stay in memory
"""


def test_the_text_gives_every_key_its_reason():
    assert contract_text(KEYS, FACTS, CPU) == ON_CPU


def test_with_published_weights_it_has_their_model_and_fine_tunes():
    text = contract_text(KEYS, FACTS, WITH_WEIGHTS)
    assert (
        "# Model and first weights as published; the build fetches them once (126 MB; pip install 'yolozu[hub]').\n"
        "model:\n"
        "  backbone: {name: resnet34_vd, norm: bn}\n"
    ) in text
    assert (
        "init_from: rtdetr_v2_r34vd_coco\n"
        "head_init: remap             # classes of COCO's names keep their rows, others begin anew\n"
        "\n"
        "batch_size: 8\n"
        "max_steps: 300                # each picture 150 times\n"
        "lr: 1.0e-4\n"
    ) in text
    assert "backbone_lr_mult: 0.1" in text
    assert "From random weights" not in text


@pytest.mark.parametrize("settings", [CPU, CUDA, WITH_WEIGHTS])
@pytest.mark.parametrize("changes", [{}, {"has_poses": True, "num_pictures": 5000}])
def test_it_is_a_strict_contract_without_warnings(tmp_path, settings, changes):
    path = write_file(tmp_path / "exp.yaml", contract_text(KEYS, replace(FACTS, **changes), settings))
    loaded = load_contract(path, strict=True)
    assert [warning.render() for warning in loaded.warnings] == []
    assert loaded.contract.device.device == settings.device
    assert loaded.contract.preprocess.image_size == settings.image_size
    assert max(len(line) for line in path.read_text().splitlines()) <= 120


def test_a_gpu_gets_the_published_model_and_where_its_weights_go():
    text = contract_text(KEYS, FACTS, CUDA)
    assert "  backbone: {name: resnet18_vd}\n" in text
    assert "# init_from: rtdetr_r18vd_coco\n# head_init: remap\n" in text
    assert "max_steps: 3000               # each picture 3000 times\n" in text


def test_the_best_of_several_validations_is_kept_where_there_are_pictures_to_choose_by():
    text = contract_text(KEYS, replace(FACTS, num_held_out=10), CPU)
    assert "val_every: 22                 # epochs between validations, the best of which is kept\n" in text


def test_many_pictures_are_zoomed_and_shifted_too():
    text = contract_text(KEYS, replace(FACTS, num_pictures=51), CPU)
    assert "scale_min: 0.8                # zoom and shift\nscale_max: 1.2\ntranslate: 0.1\n" in text


def test_pictures_with_poses_are_not_mirrored():
    assert "hflip_prob" not in contract_text(KEYS, replace(FACTS, has_poses=True), CPU)


def test_labels_that_break_rules_are_left_out_and_told():
    assert (
        "check_data: drop              # leave out what breaks a rule (3 now; yolozu data check); fail would stop\n"
        in contract_text(replace(KEYS, num_flawed=3), FACTS, CPU)
    )


@pytest.mark.parametrize("name", ["my photos", "null", "1", "a: b", "ä", "~/x", "#1", 'a"b', "$HOME", "-"])
def test_any_name_of_data_is_read_back(tmp_path, name):
    keys = replace(KEYS, dataset_root=f"{tmp_path}/{name}", split=name)
    path = write_file(tmp_path / "exp.yaml", contract_text(keys, FACTS, CPU))
    loaded = load_contract(path, strict=True)
    assert loaded.contract.dataset.split == name


def test_names_of_many_classes_are_cut():
    keys = replace(KEYS, classes=tuple(f"class {number}" for number in range(80)))
    line = next(line for line in contract_text(keys, FACTS, CPU).splitlines() if line.startswith("# 80 classes"))
    assert (len(line) <= 120, line.endswith(" …")) == (True, True)
