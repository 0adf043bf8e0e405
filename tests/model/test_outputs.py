"""Outputs of the detector."""

import torch

from yolozu.model.outputs import TrainingOutput


def test_final_is_the_last_decoder_layer():
    layers = {"logits": torch.rand(3, 1, 2, 5), "boxes": torch.rand(3, 1, 2, 4)}
    final = TrainingOutput(layers, proposals={}, denoising=None).final()
    assert torch.equal(final.pred_logits, layers["logits"][2])
    assert torch.equal(final.pred_boxes, layers["boxes"][2])
