from __future__ import annotations

import numpy as np
import onnx
import pytest

from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.errors import InputError
from yolozu.export.selection import Choice, SelectionProbe, compare_choices, reference_outputs
from yolozu.model.loading import detector_from
from yolozu.model.onnx_network import OnnxNetwork

CPU = {"threads": 1}
ATOL = 1e-4


def choice(scores, index):
    return Choice(np.array([scores], dtype=np.float32), np.array([index], dtype=np.int64))


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((3, 3, 64, 96), dtype=np.float32)


@pytest.fixture(scope="module")
def detector(exported):
    return detector_from(read_checkpoint(exported.checkpoint))


def test_the_probe_sees_the_best_scored_positions(exported, images):
    found = SelectionProbe(exported.onnx, **CPU)(images)
    best = np.argsort(-found.scores_BS, axis=1, kind="stable")[:, :20]
    assert found.index_BQ.tolist() == best.tolist()


def test_a_detector_made_to_choose_in_another_order_gives_the_same_rows_in_that_order(detector, images):
    own = reference_outputs(detector, images, _own_choice(detector, images))
    turned = reference_outputs(detector, images, own.own.index_BQ[:, ::-1].copy())
    assert turned.outputs["pred_logits"][:, ::-1] == pytest.approx(own.outputs["pred_logits"], abs=1e-5)
    assert turned.outputs["pred_boxes"][:, ::-1] == pytest.approx(own.outputs["pred_boxes"], abs=1e-5)
    assert turned.own.index_BQ.tolist() == own.own.index_BQ.tolist()


def test_one_other_query_changes_the_outputs_of_all(detector, images):
    """Why outputs can only be compared for the same queries."""
    index_BQ = _own_choice(detector, images)
    own = reference_outputs(detector, images, index_BQ)
    other_BQ = index_BQ.copy()
    unused = np.setdiff1d(np.arange(own.own.scores_BS.shape[1]), index_BQ[0])[0]
    other_BQ[:, -1] = unused
    other = reference_outputs(detector, images, other_BQ)
    assert np.abs(other.outputs["pred_logits"] - own.outputs["pred_logits"])[:, :-1].max() > 1e-4


def test_the_detector_chooses_for_itself_afterwards(detector, images):
    before = _own_choice(detector, images)
    reference_outputs(detector, images, before[:, ::-1].copy())
    assert _own_choice(detector, images).tolist() == before.tolist()
    assert not detector.selector.choice._forward_hooks


def test_a_graph_that_ranks_nothing_is_refused(tmp_path):
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["images"], ["pred_logits"])],
        "graph",
        [value("images", onnx.TensorProto.FLOAT, ["batch", 3])],
        [value("pred_logits", onnx.TensorProto.FLOAT, ["batch", 3])],
    )
    path = tmp_path / "model.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10), path)
    with pytest.raises(InputError) as refused:
        SelectionProbe(path, **CPU)
    assert str(refused.value) == (
        f"{path}: YZ608 the graph ranks proposals in 0 places (TopK), a detector does in one\n"
        "  fix: export the model again from its checkpoint with this version of yolozu"
    )


def test_equal_choices_do_not_differ():
    first = choice([0.5, 0.4, 0.1], [0, 1])
    difference = compare_choices(first, first, 0, score_atol=ATOL)
    assert (difference.reordered, difference.tied, difference.other) == (0, 0, 0)
    assert difference.score_differences.tolist() == [0.0, 0.0, 0.0]


def test_the_same_queries_in_another_order_are_reordered():
    difference = compare_choices(choice([0.5, 0.5, 0.1], [0, 1]), choice([0.5, 0.5, 0.1], [1, 0]), 0, score_atol=ATOL)
    assert (difference.reordered, difference.tied, difference.other) == (2, 0, 0)


def test_another_last_query_ties_within_the_tolerance_and_is_another_one_beyond():
    scores = [0.5, 0.4, 0.39995, 0.3]
    tied = compare_choices(choice(scores, [0, 1]), choice(scores, [0, 2]), 0, score_atol=ATOL)
    assert (tied.tied, tied.other) == (1, 0)
    other = compare_choices(choice(scores, [0, 1]), choice(scores, [0, 3]), 0, score_atol=ATOL)
    assert (other.tied, other.other) == (0, 1)


def test_scores_that_are_no_numbers_never_tie():
    difference = compare_choices(
        choice([0.5, np.nan, 0.1], [0, 2]), choice([0.5, np.nan, 0.1], [0, 1]), 0, score_atol=ATOL
    )
    assert (difference.tied, difference.other) == (0, 1)


def test_the_probe_and_the_file_run_the_same_graph(exported, detector, images):
    probe, network = SelectionProbe(exported.onnx, **CPU), OnnxNetwork(exported.onnx, **CPU)
    outputs = network(images)
    reference = reference_outputs(detector, images, probe(images).index_BQ)
    assert outputs.keys() == reference.outputs.keys()
    for name, values in outputs.items():
        assert values == pytest.approx(reference.outputs[name], abs=1e-5)


def _own_choice(detector, images):
    """What the detector chooses; the outputs for the first positions are thrown away."""
    arbitrary = np.tile(np.arange(20, dtype=np.int64), (len(images), 1))
    return reference_outputs(detector, images, arbitrary).own.index_BQ
