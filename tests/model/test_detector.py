"""The whole detector."""

import onnxruntime
import pytest
import torch
from torch import nn

from tests.model.tiny import CONFIG, NUM_CLASSES, images, scattered, targets, tiny_detector
from yolozu.contract.sections.model import ModelConfig
from yolozu.errors import InputError
from yolozu.model.detector import ExportableDetector, build_detector
from yolozu.model.norms import BatchNorm2d, FrozenBatchNorm, GroupNorm, SyncBatchNorm2d


def noise():
    return torch.Generator().manual_seed(0)


def test_evaluation_gives_logits_and_boxes():
    output = tiny_detector().eval()(images())
    assert output.pred_logits.shape == (2, 10, NUM_CLASSES)
    assert output.pred_boxes.shape == (2, 10, 4)
    assert output.pred_boxes.min() >= 0.0
    assert output.pred_boxes.max() <= 1.0


def test_training_gives_layers_proposals_and_denoising():
    output = tiny_detector().train()(images(), targets(1, 2), noise())
    assert {name: tuple(values.shape) for name, values in output.queries.items()} == {
        "boxes": (3, 2, 10, 4),
        "logits": (3, 2, 10, NUM_CLASSES),
    }
    assert output.proposals["logits"].shape == (1, 2, 10, NUM_CLASSES)
    assert output.denoising.groups.num_queries == 8
    assert output.denoising.predicted["boxes"].shape == (3, 2, 8, 4)


@pytest.mark.parametrize("truth", [None, targets(0, 0)], ids=["no targets", "no objects"])
def test_training_without_objects_has_no_denoising(truth):
    assert tiny_detector().train()(images(), truth, noise()).denoising is None


def test_denoising_can_be_turned_off():
    detector = tiny_detector(denoising={"num_queries": 0})
    assert detector.denoising is None
    assert detector.train()(images(), targets(1, 2), noise()).denoising is None


def test_evaluation_equals_the_last_training_layer_with_the_same_statistics():
    detector = tiny_detector().train()
    scattered(detector)
    for module in detector.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    with torch.no_grad():
        training = detector(images(), targets(1, 2), noise()).final()
        evaluated = detector.eval()(images())
    torch.testing.assert_close(training.pred_logits, evaluated.pred_logits, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(training.pred_boxes, evaluated.pred_boxes, rtol=1e-4, atol=1e-4)


def test_denoising_leaves_the_matching_queries_bit_equal_whatever_its_noise():
    detector = tiny_detector().train()
    with torch.no_grad():
        first = detector(images(), targets(1, 2), torch.Generator().manual_seed(0))
        second = detector(images(), targets(1, 2), torch.Generator().manual_seed(1))
    assert not torch.equal(first.denoising.predicted["boxes"], second.denoising.predicted["boxes"])
    for name, values in first.queries.items():
        assert torch.equal(values, second.queries[name])


def test_an_image_s_predictions_do_not_depend_on_its_batch():
    detector = tiny_detector().eval()
    scattered(detector)
    batch = images(3)
    with torch.no_grad():
        together, alone = detector(batch), detector(batch[1:2])
    torch.testing.assert_close(together.pred_logits[1:2], alone.pred_logits, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(together.pred_boxes[1:2], alone.pred_boxes, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_gradients_reach_every_parameter():
    detector = tiny_detector().train()
    scattered(detector)
    output = detector(images(), targets(1, 2), noise())
    tensors = [*output.queries.values(), *output.proposals.values(), *output.denoising.predicted.values()]
    sum(values.square().sum() for values in tensors).backward()
    assert [name for name, parameter in detector.named_parameters() if not parameter.grad.abs().sum() > 0] == []


def test_weights_follow_from_the_seed():
    first, second, other = (tiny_detector(seed=seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


@pytest.mark.slow
def test_the_state_holds_nothing_that_depends_on_the_image_size():
    detector = tiny_detector().eval()
    before = {name: value.shape for name, value in detector.state_dict().items()}
    detector(images(height=32, width=64))
    detector(images(height=96, width=64))
    assert {name: value.shape for name, value in detector.state_dict().items()} == before


def test_encoder_and_decoder_can_differ_in_width():
    changes = {"projector": {"d_model": 64}, "decoder": {"d_model": 32, "num_heads": 4, "num_layers": 1}}
    detector = tiny_detector(**changes)
    assert detector.encoder.lateral[0].conv.out_channels == 64
    assert detector.decoder.layers[0].self_norm.normalized_shape == (32,)
    assert detector.eval()(images()).pred_boxes.shape == (2, 10, 4)


@pytest.mark.parametrize("norm", ["bn", "frozenbn", "gn"])
def test_the_backbone_s_norm_is_that_of_the_config(norm):
    detector = tiny_detector(backbone={"name": "tiny_cnn", "norm": norm})
    kinds = {type(module).__name__ for name, module in detector.backbone.named_modules() if name.endswith("norm")}
    assert kinds == {{"bn": "BatchNorm2d", "frozenbn": "FrozenBatchNorm", "gn": "GroupNorm"}[norm]}


@pytest.mark.slow
def test_the_default_model_builds():
    detector = build_detector(ModelConfig(), num_classes=80)
    assert detector.selector.num_queries == 300
    assert len(detector.decoder.layers) == 6


def test_odd_image_sizes_are_refused():
    with pytest.raises(InputError) as error:
        tiny_detector()(torch.zeros(1, 3, 64, 70))
    assert str(error.value) == (
        "network input 64x70: YZ402 height and width must be multiples of 32\n  fix: letterbox the images to image_size"
    )


def test_half_precision_keeps_boxes_exact():
    detector = tiny_detector().train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = detector(images(), targets(1, 2), noise())
    assert output.queries["logits"].dtype == torch.bfloat16
    assert output.queries["boxes"].dtype == output.proposals["boxes"].dtype == torch.float32


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecations
def test_the_exported_graph_gives_the_same_for_any_batch_size(tmp_path):
    detector = tiny_detector(decoder={"num_heads": 4, "num_layers": 2, "ffn_dim": 48}).eval()
    scattered(detector)
    path = tmp_path / "model.onnx"
    torch.onnx.export(
        ExportableDetector(detector),
        (images(2),),
        path,
        input_names=["images"],
        output_names=["pred_logits", "pred_boxes"],
        dynamo=True,
        opset_version=18,
        external_data=False,
        verbose=False,
        dynamic_shapes={"images": {0: torch.export.Dim("batch", min=1, max=64)}},
    )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for batch in (1, 3):
        sample = images(batch, seed=7)
        with torch.no_grad():
            expected = detector(sample)
        rows = torch.cat([expected.pred_logits, expected.pred_boxes], dim=-1)
        exported = torch.cat([torch.from_numpy(part) for part in session.run(None, {"images": sample.numpy()})], dim=-1)
        # Query selection may order near ties differently: compare every row with its nearest.
        assert exported.shape == rows.shape
        assert torch.cdist(rows, exported).amin(dim=2).max() < 1e-3


POSE = {"log_z": 1, "rot6d": 6, "offsets": 2}


def test_pose_heads_are_in_every_layer_and_in_denoising_but_not_in_proposals():
    output = tiny_detector(pose=True).train()(images(), targets(1, 2), noise())
    for name, width in POSE.items():
        assert output.queries[name].shape == (3, 2, 10, width)
        assert output.denoising.predicted[name].shape == (3, 2, 8, width)
    assert set(output.queries) == set(output.denoising.predicted) == {"boxes", "logits", *POSE}
    assert set(output.proposals) == {"boxes", "logits"}
    assert output.k_delta_B4.shape == (2, 4)
    evaluated = tiny_detector(pose=True).eval()(images())
    assert {name: tuple(values.shape) for name, values in evaluated.pose.items()} == {
        **{name: (2, 10, width) for name, width in POSE.items()}, "k_delta": (2, 4),
    }  # fmt: skip


@pytest.mark.parametrize("pose", ["auto", False])
def test_without_pose_heads_there_is_no_trace_of_them(pose):
    detector = tiny_detector(pose=pose)
    assert detector.k_head is None
    assert not any("pose" in name or "k_head" in name for name in detector.state_dict())
    output = detector.train()(images(), targets(1, 2), noise())
    assert (set(output.queries), output.k_delta_B4) == ({"boxes", "logits"}, None)
    assert detector.eval()(images()).pose == {}


def test_before_training_an_object_is_ten_centimetres_large_upright_and_in_the_middle_of_its_box():
    output = tiny_detector(pose=True, use_uncertainty=True).eval()(images())
    sides = output.pred_boxes[..., 2:].prod(-1).sqrt()
    torch.testing.assert_close(output.pose["log_z"][..., 0], (0.1 / sides).log(), rtol=1e-4, atol=1e-4)
    assert torch.equal(output.pose["rot6d"], torch.tensor([1.0, 0, 0, 0, 1, 0]).expand(2, 10, 6))
    for name in ("offsets", "k_delta", "log_sigma_z", "log_sigma_rot"):
        assert not output.pose[name].any()


def test_evaluation_gives_the_poses_of_the_last_training_layer():
    detector = tiny_detector(pose=True, use_uncertainty=True).train()
    scattered(detector)
    for module in detector.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    with torch.no_grad():
        training = detector(images(), targets(1, 2), noise()).final()
        evaluated = detector.eval()(images())
    assert list(training.pose) == list(evaluated.pose)
    for name, values in training.pose.items():
        torch.testing.assert_close(evaluated.pose[name], values, rtol=1e-3, atol=1e-3)


def test_gradients_reach_every_parameter_of_pose_heads():
    detector = tiny_detector(pose=True, use_uncertainty=True).train()
    scattered(detector)
    output = detector(images(), targets(1, 2), noise())
    sum(values.square().sum() for values in [*output.queries.values(), output.k_delta_B4]).backward()
    heads = {name: entry for name, entry in detector.named_parameters() if "pose_heads" in name or "k_head" in name}
    assert len(heads) == 3 * 5 * 6 + 6  # layers, heads, weights and biases
    assert [name for name, parameter in heads.items() if not parameter.grad.abs().sum() > 0] == []


def test_half_precision_keeps_poses_exact():
    detector = tiny_detector(pose=True, use_uncertainty=True).train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = detector(images(), targets(1, 2), noise())
    for values in (*(output.queries[name] for name in POSE), output.queries["log_sigma_z"], output.k_delta_B4):
        assert values.dtype == torch.float32


def test_an_exportable_detector_names_what_it_gives():
    for changes in ({}, {"pose": True, "use_uncertainty": True}):
        exportable = ExportableDetector(tiny_detector(**changes).eval())
        names, values = exportable.output_names(images()), exportable(images())
        assert dict(zip(names, values, strict=True)).keys() == exportable.detector(images()).named().keys()
        assert names[:2] == ("pred_logits", "pred_boxes")


def kinds(*modules, among):
    """Types of the normalizations in ``modules``."""
    return {type(norm) for module in modules for norm in module.modules() if isinstance(norm, among)}


MAP_NORMS = (nn.BatchNorm2d, nn.GroupNorm, FrozenBatchNorm)


@pytest.mark.effect("model.backbone.name")
def test_the_backbone_is_the_one_named():
    plain, other = tiny_detector(), tiny_detector(backbone={"name": "resnet18_vd", "args": {"width_mult": 0.125}})
    assert (type(plain.backbone).__name__, type(other.backbone).__name__) == ("TinyCnn", "ResNet18Vd")
    assert plain.projector.levels[0].conv.in_channels == plain.backbone.spec.out_channels[0]
    assert other.projector.levels[0].conv.in_channels == other.backbone.spec.out_channels[0] == 16
    assert other.eval()(images()).pred_logits.shape == plain.eval()(images()).pred_logits.shape


@pytest.mark.effect("model.backbone.args.width_mult", "model.backbone.args.depth_mult")
def test_the_backbone_is_as_wide_and_deep_as_asked_for():
    def backbone(**args):
        return tiny_detector(backbone={"name": "tiny_cnn", "args": args}).backbone

    plain, wide, deep = backbone(width_mult=0.5), backbone(width_mult=1.0), backbone(width_mult=0.5, depth_mult=2.0)
    assert wide.spec.out_channels == tuple(2 * channels for channels in plain.spec.out_channels)
    assert deep.spec == plain.spec
    assert [len(stage) for stage in deep.stages] == [1 + len(stage) for stage in plain.stages]


@pytest.mark.effect("model.projector.d_model")
def test_the_projector_gives_the_width_of_all_that_follows():
    def widths(d_model):
        detector = tiny_detector(projector={"d_model": d_model}).eval()
        projected = detector.projector(detector.backbone(images()))
        fused = detector.encoder(projected)
        return {level.shape[1] for level in (*projected, *fused, *detector.memory_projector(fused))}

    assert (widths(32), widths(64)) == ({32}, {64})


@pytest.mark.effect("model.backbone.norm")
def test_the_backbone_s_norm_is_its_own():
    detector = tiny_detector(backbone={"name": "tiny_cnn", "norm": "gn"})
    assert kinds(detector.backbone, among=MAP_NORMS) == {GroupNorm}
    assert kinds(detector.projector, detector.encoder, detector.memory_projector, among=MAP_NORMS) == {BatchNorm2d}


@pytest.mark.effect("model.encoder.norm")
@pytest.mark.parametrize(
    ("norm", "kind"),
    [("bn", BatchNorm2d), ("syncbn", SyncBatchNorm2d), ("frozenbn", FrozenBatchNorm), ("gn", GroupNorm)],
)
def test_the_encoder_s_norm_is_that_of_the_projectors_as_well(norm, kind):
    detector = tiny_detector(encoder={**CONFIG["encoder"], "norm": norm})
    for part in (detector.projector, detector.encoder, detector.memory_projector):
        assert kinds(part, among=MAP_NORMS) == {kind}
    assert kinds(detector.backbone, among=MAP_NORMS) == {BatchNorm2d}
    assert torch.isfinite(detector.train()(images(), targets(1, 2), noise()).final().pred_logits).all()
