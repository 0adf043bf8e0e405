"""Outputs of the detector."""

import torch

from yolozu.model.outputs import DetectorOutput, TrainingOutput, last_layer


def layers(**more):
    return {"logits": torch.rand(3, 1, 2, 5), "boxes": torch.rand(3, 1, 2, 4), **more}


def test_final_is_the_last_decoder_layer():
    queries = layers()
    final = TrainingOutput(queries, proposals={}, denoising=None).final()
    assert torch.equal(final.pred_logits, queries["logits"][2])
    assert torch.equal(final.pred_boxes, queries["boxes"][2])
    assert final.pose == {}


def test_final_has_the_last_layer_s_poses_and_the_image_s_camera():
    queries, k_delta = layers(log_z=torch.rand(3, 1, 2, 1), rot6d=torch.rand(3, 1, 2, 6)), torch.rand(1, 4)
    final = TrainingOutput(queries, proposals={}, denoising=None, k_delta_B4=k_delta).final()
    assert list(final.pose) == ["log_z", "rot6d", "k_delta"]
    assert torch.equal(final.pose["log_z"], queries["log_z"][2])
    assert final.pose["k_delta"] is k_delta


def test_outputs_have_the_names_of_an_exported_graph():
    output = last_layer(layers(offsets=torch.rand(3, 1, 2, 2)), torch.rand(1, 4))
    assert list(output.named()) == ["pred_logits", "pred_boxes", "pred_offsets", "pred_k_delta"]
    assert list(DetectorOutput(torch.rand(1), torch.rand(1)).named()) == ["pred_logits", "pred_boxes"]
