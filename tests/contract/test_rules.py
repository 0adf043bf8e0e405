import pytest

from yolozu.contract.rules import RULES

CASES = {
    "length_is_given": (
        "max_steps: null\n",
        (
            "exp.yaml:1: max_steps: YZ109 neither max_steps nor epochs says how long training lasts (epochs: default)\n"
            "  fix: set max_steps (optimizer steps) or epochs (passes over the images)"
        ),
    ),
    "half_precision_needs_cuda": (
        "epochs: 1\ndevice: cpu\namp: fp16\n",
        (
            "exp.yaml:3: amp: YZ105 amp fp16 needs a CUDA device, the device is cpu (device: exp.yaml:2)\n"
            "  fix: set amp: bf16 (works on CPUs) or device: cuda"
        ),
    ),
    "precomputed_needs_predictions": (
        "epochs: 1\nadapter: precomputed\n",
        (
            "exp.yaml:2: adapter: YZ105 adapter precomputed has no file to serve (predictions: default)\n"
            "  fix: set predictions: PATH or choose another adapter"
        ),
    ),
    "corruption_needs_pictures": (
        "epochs: 1\nadapter: dummy\ncorruption: fog\n",
        (
            "exp.yaml:3: corruption: YZ105 adapter dummy looks at no picture, corrupted or not (adapter: exp.yaml:2)\n"
            "  fix: set adapter: rtdetr_pose, onnxruntime or openvino, or drop corruption"
        ),
    ),
    "precision_is_the_adapters": (
        "epochs: 1\ninference_precision: bf16\n",
        (
            "exp.yaml:2: inference_precision: YZ105 adapter onnxruntime does not compute in bf16 (adapter: default)\n"
            "  fix: set adapter: openvino, or drop inference_precision"
        ),
    ),
    "policies_are_of_cells": (
        "epochs: 1\nexport_precisions: [int8]\nparity_runtimes: [onnxruntime]\ncell_policy: {int8/openvino: warn}\n",
        (
            "exp.yaml:4: cell_policy: YZ105 'int8/openvino' is none of the cells (export_precisions: exp.yaml:2, "
            "parity_runtimes: exp.yaml:3)\n"
            "  fix: name one of fp32/onnxruntime, int8/onnxruntime"
        ),
    ),
    "adaptation_needs_a_network": (
        "epochs: 1\nttt: true\n",
        (
            "exp.yaml:2: ttt: YZ105 adapter onnxruntime has no weights that could adapt (adapter: default)\n"
            "  fix: set adapter: rtdetr_pose, or drop ttt"
        ),
    ),
    "painting_is_learned": (
        "epochs: 1\nadapter: rtdetr_pose\nttt: true\nttt_preset: mim_safe\n",
        (
            "exp.yaml:4: ttt_preset: YZ105 method mim needs the reconstruction head that enable_mim trains "
            "(enable_mim: default)\n"
            "  fix: set enable_mim: true, or ttt_method: tent"
        ),
    ),
    "adaptation_moves_something": (
        "epochs: 1\nadapter: rtdetr_pose\nttt: true\nttt_steps: 0\nttt_norm_weight: 0\n",
        (
            "exp.yaml:4: ttt_steps: YZ105 without steps and with weight 0 for new statistics nothing adapts "
            "(ttt_norm_weight: exp.yaml:5)\n"
            "  fix: raise one of them, or drop ttt"
        ),
    ),
    "adaptation_goes_over_all_images": (
        "epochs: 1\nadapter: rtdetr_pose\nttt: true\npredict_shards: 4\n",
        (
            "exp.yaml:4: predict_shards: YZ105 4 processes cannot share a network that adapts to the images, nor the "
            "report of it (ttt: exp.yaml:3)\n"
            "  fix: set predict_shards: 1, or drop ttt"
        ),
    ),
    "views_need_a_network": (
        "epochs: 1\nadapter: precomputed\npredictions: p.json\ntta: true\ntta_mode: model\n",
        (
            "exp.yaml:5: tta_mode: YZ105 adapter precomputed has no network to show further views to "
            "(adapter: exp.yaml:2)\n"
            "  fix: set adapter: rtdetr_pose, onnxruntime or openvino, or tta_mode: prediction"
        ),
    ),
    "views_are_several": (
        "epochs: 1\ntta: true\ntta_mode: model\ntta_scales: [1]\ntta_rotations_deg: [0]\n",
        (
            "exp.yaml:3: tta_mode: YZ105 there is no view besides the network's own (tta_scales: exp.yaml:4, "
            "tta_rotations_deg: exp.yaml:5, tta_flip: default)\n"
            "  fix: add to tta_scales or tta_rotations_deg, set tta_flip: true, or drop tta"
        ),
    ),
    "exported_views_fit": (
        "epochs: 1\ntta: true\ntta_mode: model\ntta_scales: [1, 1.25, 0.8]\n",
        (
            "exp.yaml:4: tta_scales: YZ105 scale 1.25 needs a larger input than the exported network has "
            "(adapter: default)\n"
            "  fix: use scales up to 1, or set onnx_dynamic_hw: true or adapter: rtdetr_pose"
        ),
    ),
    "queries_fit_smallest_view": (
        "epochs: 1\nimage_size: 96\nnum_queries: 85\nadapter: rtdetr_pose\ntta: true\ntta_mode: model\n"
        "tta_scales: [1, 0.6]\n",
        (
            "exp.yaml:7: tta_scales: YZ105 85 queries are more than the 84 proposals of scale 0.6, a 64x64 image "
            "(model.num_queries: exp.yaml:3)\n"
            "  fix: leave out small scales, or predict with adapter: onnxruntime, whose canvas stays as large as it is"
        ),
    ),
    "queries_fit_image": (
        "epochs: 1\nimage_size: [64, 96]\n",
        (
            "exp.yaml:2: image_size: YZ105 300 queries are more than the 126 proposals of a 64x96 image "
            "(model.num_queries: default)\n"
            "  fix: set model.num_queries to at most 126 or raise image_size"
        ),
    ),
    "queries_fit_smallest_image": (
        "epochs: 1\nimage_size: 96\nnum_queries: 85\nmultiscale: [96, 64, 128]\n",
        (
            "exp.yaml:3: model.num_queries: YZ105 85 queries are more than the 84 proposals of the smallest image, "
            "64x64 (multiscale: exp.yaml:4)\n"
            "  fix: set model.num_queries to at most 84, or list larger sides in multiscale"
        ),
    ),
    "warmup_ends_before_training": (
        "max_steps: 100\nlr_warmup_steps: 101\n",
        (
            "exp.yaml:2: lr_warmup_steps: YZ105 101 warm-up steps are more than the 100 steps of training "
            "(max_steps: exp.yaml:1)\n"
            "  fix: lower lr_warmup_steps or raise max_steps"
        ),
    ),
    "cosine_falls": (
        "epochs: 1\nscheduler: cosine\nlr: 0.01\nmin_lr: 0.1\n",
        "exp.yaml:4: min_lr: YZ105 min_lr 0.1 is above lr 0.01 (lr: exp.yaml:3)\n  fix: lower min_lr or raise lr",
    ),
    "processes_share_batches": (
        "epochs: 1\nddp: true\nbatch_size: 2\nnproc_per_node: 3\n",
        (
            "exp.yaml:4: nproc_per_node: YZ105 3 processes are more than the 2 images of a batch, which they share "
            "(batch_size: exp.yaml:3)\n"
            "  fix: set nproc_per_node to at most 2 or raise batch_size"
        ),
    ),
    "batch_norm_has_values": (
        "epochs: 1\nimage_size: 32\nbatch_size: 1\nnum_queries: 20\n",
        (
            "exp.yaml:2: image_size: YZ105 one image of 32x32 px leaves batch normalization one value a channel of the "
            "coarsest map (batch_size: exp.yaml:3, model.backbone.norm: default, model.encoder.norm: default)\n"
            "  fix: set model.backbone.norm and model.encoder.norm to gn, or raise batch_size or image_size"
        ),
    ),
    "processes_have_a_device_each": (
        "epochs: 1\nddp: true\ndevice: cuda:1\nnproc_per_node: 2\n",
        (
            "exp.yaml:3: device: YZ105 2 processes cannot all have the one device cuda:1 "
            "(nproc_per_node: exp.yaml:4)\n"
            "  fix: set device: cuda, which gives every process a device of its own, or nproc_per_node: 1"
        ),
    ),
    "nodes_have_an_executor": (
        "epochs: 1\nddp: true\nexecutor: ray\nnnodes: 2\n",
        (
            "exp.yaml:4: nnodes: YZ105 executor ray runs a stage on one machine, not on 2 together "
            "(executor: exp.yaml:3)\n"
            "  fix: set nnodes: 1, or another executor"
        ),
    ),
    "aligner_needs_uncertainty": (
        "epochs: 1\ntask_aligner: uncertainty\n",
        (
            "exp.yaml:2: task_aligner: YZ105 task_aligner uncertainty has no head that says how sure it is "
            "(model.use_uncertainty: default)\n"
            "  fix: set model.use_uncertainty: true (and leave out model.pose: false), or drop task_aligner"
        ),
    ),
    "phases_end_before_training": (
        "max_steps: 100\nstage_off_steps: 60\nstage_k_steps: 40\n",
        (
            "exp.yaml:2: stage_off_steps: YZ105 the 100 steps in which one head alone learns are all of the 100 steps "
            "of training (stage_k_steps: exp.yaml:3, max_steps: exp.yaml:1)\n"
            "  fix: lower stage_off_steps or stage_k_steps, or raise max_steps"
        ),
    ),
    "phases_have_a_loss": (
        "epochs: 1\nstage_off_steps: 5\nloss_weights: {offsets: 0, t: 0}\n",
        (
            "exp.yaml:2: stage_off_steps: YZ105 no loss teaches the only head that learns in these steps "
            "(loss_weights.offsets: exp.yaml:3, loss_weights.t: exp.yaml:3)\n"
            "  fix: raise loss_weights.offsets or loss_weights.t, or drop stage_off_steps"
        ),
    ),
    "reconstruction_has_a_loss": (
        "epochs: 1\nenable_mim: true\nloss_weights: {mim: 0}\n",
        (
            "exp.yaml:2: enable_mim: YZ105 enable_mim adds a head that no loss teaches "
            "(loss_weights.mim: exp.yaml:3)\n"
            "  fix: raise loss_weights.mim, or drop enable_mim"
        ),
    ),
    "classes_are_named_once": (
        "epochs: 1\nclass_names: [tin, tin]\n",
        "exp.yaml:2: class_names: YZ556 class 'tin' is named 2 times\n  fix: name every class once",
    ),
    "labeled_classes_are_classes": (
        "epochs: 1\nclass_names: [tin, box]\nlabeled_classes: [tinn]\n",
        (
            "exp.yaml:3: labeled_classes: YZ105 'tinn' is none of the classes (class_names: exp.yaml:2)\n"
            "  fix: did you mean 'tin'?"
        ),
    ),
    "num_classes_counts_names": (
        "epochs: 1\nclass_names: [tin, box]\nmodel: {num_classes: 3}\n",
        (
            "exp.yaml:3: model.num_classes: YZ105 num_classes is 3, but class_names has 2 (class_names: exp.yaml:2)\n"
            "  fix: leave out model.num_classes, or correct class_names"
        ),
    ),
    "phases_have_adapters": (
        "max_steps: 9\nlora_r: 2\nlora_target: all_conv1x1\nstage_off_steps: 3\n",
        (
            "exp.yaml:4: stage_off_steps: YZ105 the only head that learns in these steps is frozen, and has no adapter "
            "(lora_target: exp.yaml:3)\n"
            "  fix: set lora_target: all_linear_conv1x1 (or head, or all_linear), or drop stage_off_steps"
        ),
    ),
    "reconstruction_has_adapters": (
        "epochs: 1\nlora_r: 2\nlora_target: all_conv1x1\nenable_mim: true\n",
        (
            "exp.yaml:4: enable_mim: YZ105 the new reconstruction head is frozen, and has no adapter "
            "(lora_target: exp.yaml:3)\n"
            "  fix: set lora_target: all_linear_conv1x1 (or head, or all_linear), or drop enable_mim"
        ),
    ),
    "quantized_weights_need_adapters": (
        "epochs: 1\ntorchao_quant: int8wo\n",
        (
            "exp.yaml:2: torchao_quant: YZ105 quantized weights do not learn, and without adapters hardly "
            "anything else does (lora_r: default)\n"
            "  fix: set lora_r above 0, or drop torchao_quant"
        ),
    ),
    "quantized_weights_are_frozen": (
        "epochs: 1\nlora_r: 4\nqlora: true\nlora_freeze_base: false\n",
        (
            "exp.yaml:4: lora_freeze_base: YZ105 the base cannot train: quantized weights do not learn (qlora: "
            "exp.yaml:3)\n"
            "  fix: drop lora_freeze_base: false, or qlora"
        ),
    ),
    "replayed_images_come_from_somewhere": (
        "epochs: 1\nreplay_share: 0.5\n",
        (
            "exp.yaml:2: replay_share: YZ105 there is no earlier training whose images could be replayed "
            "(continual_from: default)\n"
            "  fix: set continual_from to a run that has replay_images, or drop replay_share"
        ),
    ),
    "replayed_images_leave_room": (
        "epochs: 1\nbatch_size: 1\nimage_size: 640\nreplay_share: 0.5\ncontinual_from: a\n",
        (
            "exp.yaml:4: replay_share: YZ105 a batch of one image has no room for a new and a replayed one "
            "(batch_size: exp.yaml:2)\n"
            "  fix: set batch_size to 2 or more"
        ),
    ),
    "stored_outputs_come_from_somewhere": (
        "epochs: 1\nderpp: true\n",
        (
            "exp.yaml:2: derpp: YZ105 no image has stored outputs: none is replayed, and derpp_teacher_key "
            "names no directory (replay_share: default)\n"
            "  fix: set replay_share above 0, or derpp_teacher_key to what yolozu continual teachers wrote"
        ),
    ),
    "held_weights_go_on": (
        "epochs: 1\newc: true\nlora_r: 2\n",
        (
            "exp.yaml:2: ewc: YZ105 ewc holds weights to where a task ended, and adapters are merged into them "
            "before the next (lora_r: exp.yaml:3)\n"
            "  fix: drop ewc or lora_r"
        ),
    ),
}


def test_every_rule_has_its_case():
    assert sorted(rule.__name__ for rule in RULES) == sorted(CASES)


@pytest.mark.parametrize(("text", "said"), CASES.values(), ids=CASES)
def test_what_cannot_work_is_refused_with_the_ways_out(refusal, text, said):
    assert refusal(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "epochs: 1\ndevice: cuda\namp: fp16\n",
        "epochs: 1\namp: bf16\n",
        "epochs: 1\nddp: true\nbatch_size: 2\nnproc_per_node: 2\n",
        "epochs: 1\nddp: true\ndevice: cuda:1\n",
        "epochs: 1\nddp: true\ndevice: cuda\nnproc_per_node: 8\n",
        "max_steps: 100\nlr_warmup_steps: 100\n",
        "epochs: 1\nadapter: precomputed\npredictions: p.json\n",
        "epochs: 1\nadapter: precomputed\npredictions: p.json\ntta: true\n",
        "epochs: 1\ntta: true\ntta_mode: model\ntta_scales: [1]\ntta_rotations_deg: [0]\ntta_flip: true\n",
        "epochs: 1\nadapter: rtdetr_pose\ntta: true\ntta_mode: model\ntta_scales: [1, 1.5]\n",
        "epochs: 1\nadapter: rtdetr_pose\ncorruption: fog\n",
        "epochs: 1\nadapter: rtdetr_pose\nttt: true\nttt_method: mim\nenable_mim: true\n",
        "epochs: 1\nadapter: rtdetr_pose\nttt: true\nttt_preset: mim_safe\nttt_method: tent\n",
        "epochs: 1\nadapter: rtdetr_pose\nttt: true\nttt_steps: 0\n",
        "epochs: 1\nadapter: rtdetr_pose\nttt: true\nttt_norm_weight: 0\n",
        "epochs: 1\nadapter: onnxruntime\nttt: false\n",
        "epochs: 1\nadapter: rtdetr_pose\nttt: true\npredict_shards: 1\n",
        "epochs: 1\npredict_shards: 4\n",
        "epochs: 1\nimage_size: [64, 96]\nnum_queries: 126\n",
        "epochs: 1\nimage_size: 96\nnum_queries: 84\nmultiscale: [96, 64, 128]\n",
        "epochs: 1\nimage_size: 96\nnum_queries: 189\nmultiscale: true\n",
        "epochs: 1\ntask_aligner: uncertainty\nmodel: {use_uncertainty: true}\n",
        "max_steps: 101\nstage_off_steps: 60\nstage_k_steps: 40\n",
        "epochs: 1\nstage_off_steps: 60\n",
        "epochs: 1\nstage_off_steps: 60\nstage_k_steps: 60\nloss_weights: {offsets: 0, k: 0, log_z: 0}\n",
    ],
)
def test_what_can_work_is_not(load, text):
    assert load(text).contract


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ("image_size: 32\nbatch_size: 2\nddp: true\nnproc_per_node: 2\n", "syncbn or gn, or raise batch_size"),
        ("image_size: 64\nbatch_size: 1\nmultiscale: [32, 64]\n", "exp.yaml:5: multiscale: YZ105 one image of 32x32"),
        ("image_size: 32\nbatch_size: 2\n", None),
        ("image_size: 32\nbatch_size: 3\nddp: true\nnproc_per_node: 2\n", "in each of 2 processes"),
        ("image_size: 64\nbatch_size: 1\n", None),
    ],
)
def test_batch_norm_needs_more_than_one_value_wherever_an_image_goes(refusal, load, changes, said):
    text = f"epochs: 1\nnum_queries: 20\n{changes}"
    if said is None:
        assert load(text).contract
    else:
        assert said in refusal(text)


@pytest.mark.parametrize("norms", ["{norm: gn}", "{norm: frozenbn}"])
def test_one_image_does_without_batch_norm(load, norms):
    model = f"model: {{num_queries: 20, backbone: {norms}, encoder: {norms}}}\n"
    assert load(f"epochs: 1\nimage_size: 32\nbatch_size: 1\n{model}").contract


def test_a_rule_waits_until_its_keys_can_be_read(refusal):
    assert refusal("epochs: 1\ndevice: gpu\namp: fp16\n").count("YZ") == 1


def test_the_aligner_needs_the_pose_heads_too(refusal):
    text = "epochs: 1\ntask_aligner: uncertainty\nmodel: {pose: false}\n"
    assert refusal(text).splitlines()[0] == (
        "exp.yaml:2: task_aligner: YZ105 task_aligner uncertainty has no head that says how sure it is "
        "(model.pose: exp.yaml:3)"
    )


def test_phases_that_are_longer_than_training_are_refused_too(refusal):
    assert "the 200 steps in which one head alone learns" in refusal("max_steps: 100\nstage_k_steps: 200\n")


def test_each_phase_needs_a_loss_of_its_own(refusal):
    text = "epochs: 1\nstage_off_steps: 5\nstage_k_steps: 5\nloss_weights: {offsets: 0, k: 0, log_z: 0, t: 0}\n"
    assert refusal(text).count("no loss teaches the only head") == 2


def test_the_method_is_named_where_it_was_given(refusal):
    text = "epochs: 1\nadapter: rtdetr_pose\nttt: true\nttt_preset: safe\nttt_method: mim\n"
    assert refusal(text).startswith("exp.yaml:5: ttt_method: YZ105 method mim needs")


@pytest.mark.effect("nnodes")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            "batch_size: 5\nnproc_per_node: 2\nnnodes: 3\n",
            "exp.yaml:4: nproc_per_node: YZ105 6 processes of 3 nodes are more than the 5 images of a batch, which "
            "they share (batch_size: exp.yaml:3, nnodes: exp.yaml:5)\n"
            "  fix: set nproc_per_node to at most 1 or raise batch_size",
        ),
        (
            "batch_size: 2\nnnodes: 3\n",
            "exp.yaml:3: batch_size: YZ105 3 processes of 3 nodes are more than the 2 images of a batch, which they "
            "share (nproc_per_node: default, nnodes: exp.yaml:4)\n"
            "  fix: lower nnodes or raise batch_size",
        ),
    ],
)
def test_processes_of_all_nodes_share_a_batch(refusal, changes, said):
    assert refusal(f"epochs: 1\nddp: true\n{changes}") == said
