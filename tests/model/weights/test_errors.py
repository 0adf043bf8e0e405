"""What does not fit is told by the contract's keys where they explain it, and by all tensors in any case."""

from dataclasses import replace

import pytest
import torch

from tests.model.weights.own import config, fresh
from yolozu.model.weights.errors import difference, fits, grouped, refusals
from yolozu.model.weights.source import COUNTER, Source


def state(**changes):
    return {name: value for name, value in fresh(**changes).state_dict().items() if not name.endswith(COUNTER)}


def told(source, **changes):
    return [finding.render() for finding in refusals(source, state(**changes), config(**changes))]


def source(**changes):
    return Source("w.pth", "a file", state(**changes))


def test_what_fits_is_not_refused():
    assert told(source()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "section", "value"),
    [
        ("model.projector.d_model", "projector", {"d_model": 64}),
        ("model.encoder.num_layers", "encoder", {"num_layers": 2}),
        ("model.encoder.ffn_dim", "encoder", {"ffn_dim": 64}),
        ("model.encoder.expansion", "encoder", {"expansion": 0.25}),
        ("model.encoder.fusion_blocks", "encoder", {"fusion_blocks": 2}),
        ("model.decoder.d_model", "decoder", {"d_model": 64}),
        ("model.decoder.num_layers", "decoder", {"num_layers": 2}),
        ("model.decoder.num_points", "decoder", {"num_points": 3}),
        ("model.decoder.ffn_dim", "decoder", {"ffn_dim": 64}),
    ],
)
def test_every_key_that_differs_is_named_with_its_value(key, section, value):
    before = config().model_dump()[section]
    other = {section: {**before, **value}}
    found = told(source(**other))
    (wanted,) = value.values()
    assert found[0] == (
        f"w.pth: YZ417 is of another architecture: {key} is {wanted}, in the contract "
        f"{before[key.rpartition('.')[2]] or 32}\n  fix: set {key}: {wanted}"
    )
    assert any("YZ418" in finding for finding in found)
    assert all(finding.endswith(("fix: set the keys above", f"fix: set {key}: {wanted}")) or "YZ417" in finding
               for finding in found)  # fmt: skip


def test_statistics_that_only_one_of_both_has_are_told_by_the_norm():
    found = told(source(), backbone={**config().model_dump()["backbone"], "norm": "gn"})
    assert found[0] == (
        "w.pth: YZ417 has running statistics where model.backbone.norm is gn\n  fix: set model.backbone.norm: bn"
    )


def test_frozen_and_moving_statistics_are_the_same_tensors():
    assert told(source(), backbone={**config().model_dump()["backbone"], "norm": "frozenbn"}) == []


@pytest.mark.slow
def test_what_the_file_tells_beyond_its_tensors_counts():
    heads = replace(source(), told={"model.encoder.num_heads": 8, "model.backbone.name": "tiny_cnn"})
    assert told(heads) == [
        "w.pth: YZ417 is of another architecture: model.encoder.num_heads is 8, in the contract 4\n"
        "  fix: set model.encoder.num_heads: 8"
    ]
    strange = replace(source(), inexpressible=("decoder_method: 'discrete' (here: 'default')",))
    assert told(strange) == [
        "w.pth: YZ420 asks for decoder_method: 'discrete' (here: 'default'), which no contract can say\n"
        "  fix: give other weights"
    ]


def test_another_backbone_is_told_by_its_name_alone():
    other = replace(source(), told={"model.backbone.name": "cspresnet", "model.backbone.args.width_mult": 3.0})
    assert [line.splitlines()[1] for line in told(other)] == ["  fix: set model.backbone.name: cspresnet"]


def test_all_tensors_that_do_not_fit_are_named():
    tensors = state()
    del tensors["selector.proj.weight"]
    tensors["selector.new.weight"] = torch.ones(1)
    tensors["selector.norm.bias"] = torch.ones(7)
    tensors["selector.boxes.layers.0.bias"] = tensors["selector.boxes.layers.0.bias"].double()
    given = Source("w.pth", "a file", tensors, unknown=("odd.weight",), contradictory=("class_embed.0.bias",))
    fix = "\n  fix: give weights of the contract's architecture"
    assert told(given) == [
        f"w.pth: YZ418 1 tensor is missing: selector.proj.weight{fix}",
        f"w.pth: YZ418 2 tensors are unexpected: selector.new.weight, odd.weight{fix}",
        "w.pth: YZ418 1 tensor is contradictory, because other names in the file mean the same: "
        f"class_embed.0.bias{fix}",
        "w.pth: YZ418 2 tensors are of another shape or type: "
        "selector.norm.bias [7], here [32]; "
        f"selector.boxes.layers.0.bias float64 [32], here float32 [32]{fix}",
    ]


def test_a_backbone_has_to_fit_the_backbone_only():
    backbone = {name: tensor for name, tensor in state().items() if name.startswith("backbone.")}
    given = Source("w.pth", "a backbone", dict(backbone), backbone_only=True)
    assert refusals(given, backbone, config()) == []


def test_types_fit_where_no_bit_is_lost_and_class_rows_where_their_width_is_right():
    four = torch.ones(4)
    assert fits("a", four.half(), four)
    assert fits("a", four.bfloat16(), four)
    assert not fits("a", four.double(), four)
    assert not fits("a", four.int(), four)
    assert not fits("selector.proj.bias", torch.ones(3), four)
    assert fits("selector.logits.bias", torch.ones(3), four)
    assert not fits("selector.logits.weight", torch.ones(3, 5), torch.ones(4, 6))
    assert difference(four.half(), torch.ones(4, 2)) == "float16 [4], here float32 [4, 2]"


def test_a_module_stands_for_its_tensors_where_all_of_them_are_named():
    everything = ["a.0.w", "a.0.b", "a.1.w", "a.1.b", "c.w"]
    assert grouped(["a.0.w", "a.0.b", "a.1.w"], everything) == ["a.0.* (2)", "a.1.w"]
    assert grouped(["a.0.w", "a.0.b", "a.1.w", "a.1.b", "c.w"], everything) == ["a.* (4)", "c.w"]
