from __future__ import annotations

import json
import logging
import warnings
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from tests.fixtures.exported import CONFIG, OPSET, random_checkpoint
from yolozu.artifacts.checkpoint import read_checkpoint, write_checkpoint
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.onnx_metadata import OnnxMetadata
from yolozu.contract.sections.train import MimSection
from yolozu.contract.sections.trained_model import with_additions
from yolozu.errors import InputError, UsageError
from yolozu.export.onnx import TRACED_BATCH, export_onnx, forget_origin, traced, write_onnx
from yolozu.model.loading import detector_from
from yolozu.model.onnx_network import OnnxNetwork

pytestmark = pytest.mark.slow

IMAGES = torch.zeros(TRACED_BATCH, 3, 32, 64)
NAMES = ("pred_logits", "pred_boxes")


class TinyNetwork(nn.Module):
    """The outputs of a detector, of two multiplications."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, images):
        pooled = (images * self.scale).mean(dim=(2, 3))
        return pooled[:, None, :], pooled[:, None, :1].expand(-1, -1, 4).sigmoid()


@pytest.mark.parametrize("which", ["exported", "exported_pose"])
def test_the_file_computes_what_the_detector_computes_for_any_batch(which, request):
    files = request.getfixturevalue(which)
    network = OnnxNetwork(files.onnx, threads=1)
    detector = detector_from(read_checkpoint(files.checkpoint))
    for batch in (1, 2, 5):
        images = np.random.default_rng(batch).random((batch, 3, 64, 96), dtype=np.float32)
        outputs = network(images)
        with torch.inference_mode():
            expected = detector(torch.from_numpy(images)).named()
        assert outputs.keys() == expected.keys()
        for name, values in outputs.items():
            in_px = name in ("pred_offsets", "pred_k_delta")
            assert values == pytest.approx(expected[name].numpy(), abs=1e-3 if in_px else 1e-5), name


def test_the_graph_has_the_names_shapes_and_operator_set_asked_for(exported):
    model = onnx.load(exported.onnx)
    onnx.checker.check_model(model, full_check=True)
    metadata = OnnxNetwork(exported.onnx, threads=1).metadata
    assert metadata.input_shapes == {"images": ("batch", 3, 64, 96)}
    assert metadata.output_shapes == {"pred_logits": ("batch", 20, 3), "pred_boxes": ("batch", 20, 4)}
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", OPSET)]
    assert [entry.name for entry in model.graph.output] == ["pred_logits", "pred_boxes"]


def test_a_graph_with_pose_heads_names_their_outputs_and_says_what_they_mean(exported_pose):
    metadata = OnnxNetwork(exported_pose.onnx, threads=1).metadata
    assert metadata.output_shapes == {
        "pred_logits": ("batch", 20, 3),
        "pred_boxes": ("batch", 20, 4),
        "pred_log_z": ("batch", 20, 1),
        "pred_rot6d": ("batch", 20, 6),
        "pred_offsets": ("batch", 20, 2),
        "pred_log_sigma_z": ("batch", 20, 1),
        "pred_log_sigma_rot": ("batch", 20, 1),
        "pred_k_delta": ("batch", 4),
    }
    told = json.loads(exported_pose.meta.read_text())
    assert told["outputs"]["pred_offsets"] == {
        "shape": ["batch", 20, 2],
        "unit": "px",
        "meaning": "From the box's center to where the model's origin appears, x and y, in the network input.",
    }
    assert told["pose"]["z"] == "exp(log_z) sqrt(fx' fy' / (W H)), with W and H the sides of the network input"


def test_the_file_stands_alone_and_says_where_it_comes_from(exported):
    assert [path.name for path in exported.onnx.parent.glob("model.onnx*")].count("model.onnx.data") == 0
    checkpoint = read_checkpoint(exported.checkpoint)
    properties = {entry.key: entry.value for entry in onnx.load(exported.onnx).metadata_props}
    metadata = OnnxMetadata.from_properties(properties, where="model.onnx")
    assert metadata.checkpoint_sha256 == digest_file(exported.checkpoint)
    assert (metadata.classes, metadata.preprocess) == (checkpoint.classes, checkpoint.preprocess)
    assert (metadata.contract_digest, metadata.opset) == (checkpoint.contract_digest, OPSET)
    assert json.loads(exported.meta.read_text()) == {
        **metadata.to_json(),
        "onnx_sha256": digest_file(exported.onnx),
    }


def test_nothing_of_the_exporting_machine_stays_in_the_file(exported):
    content = exported.onnx.read_bytes()
    for trace in (b".py", b"site-packages", b"stack_trace", b"pkg.torch", b"yolozu.model", b"/home", b"/tmp"):
        assert trace not in content, trace


@pytest.mark.parametrize("opset", [18, 20, 23])
def test_the_operator_set_asked_for_is_the_one_in_the_file(opset):
    model = traced(TinyNetwork(), IMAGES, NAMES, opset=opset)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", opset)]


@pytest.mark.filterwarnings("ignore")  # the exporter warns of each conversion it tries and gives up
def test_an_operator_set_that_the_exporter_does_not_give_is_an_error():
    with pytest.raises(UsageError) as refused:
        traced(TinyNetwork(), IMAGES, NAMES, opset=17)
    assert str(refused.value) == (
        f"onnx_opset=17: YZ601 torch {torch.__version__} exports this model with other operator sets: ai.onnx 18\n"
        "  fix: set onnx_opset: 18, which the exporter gives without conversion"
    )


def test_exporting_is_silent(caplog, capfd):
    caplog.set_level(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        traced(TinyNetwork(), IMAGES, NAMES, opset=18)
    assert (caplog.messages, capfd.readouterr()) == ([], ("", ""))


def test_equal_models_are_written_as_equal_bytes(tmp_path, exported):
    model = traced(TinyNetwork(), IMAGES, NAMES, opset=18)
    metadata = OnnxNetwork(exported.onnx, threads=1).metadata
    write_onnx(tmp_path / "a.onnx", model, metadata)
    write_onnx(tmp_path / "b.onnx", model, metadata)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_a_reconstruction_head_stays_behind(tmp_path):
    plain = random_checkpoint(0)
    config = with_additions(CONFIG, MimSection(enable_mim=True))
    head = {
        name: tensor
        for name, tensor in random_checkpoint(1, config=config).weights.items()
        if name.startswith("reconstruction.")
    }
    model_config = config.model_dump(mode="json")
    painting = replace(plain, model_config=model_config, weights={**plain.weights, **head})
    for name, checkpoint in (("plain", plain), ("painting", painting)):
        write_checkpoint(tmp_path / f"{name}.pt", checkpoint)
        export_onnx(
            tmp_path / f"{name}.pt",
            onnx_path=tmp_path / f"{name}.onnx",
            meta_path=tmp_path / f"{name}.json",
            opset=OPSET,
        )
    one, other = (onnx.load(tmp_path / f"{name}.onnx").graph for name in ("plain", "painting"))
    assert one.SerializeToString() == other.SerializeToString()


def test_what_the_exporter_notes_is_cleared_inside_subgraphs_too():
    node = onnx.helper.make_node("Identity", ["a"], ["b"])
    node.metadata_props.add(key="pkg.torch.onnx.stack_trace", value="File /home/me/model.py")
    branch = onnx.helper.make_graph([node], "branch", [], [], doc_string="made at home")
    outer = onnx.helper.make_node("If", ["c"], ["b"], then_branch=branch, else_branch=branch)
    model = onnx.helper.make_model(onnx.helper.make_graph([outer], "graph", [], []), doc_string="made at home")
    forget_origin(model)
    assert b"home" not in model.SerializeToString()


def test_without_weights_there_is_no_export(tmp_path):
    with pytest.raises(InputError) as refused:
        export_onnx(tmp_path / "best.pt", onnx_path=tmp_path / "m.onnx", meta_path=tmp_path / "m.json", opset=18)
    assert refused.value.findings[0].code == "YZ450"
    assert list(tmp_path.iterdir()) == []
