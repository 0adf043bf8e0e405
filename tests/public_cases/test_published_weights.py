"""Published weights of detectors that compute something else than the names of their tensors say."""

from __future__ import annotations

import torch
from torch import nn

from yolozu.model.weights.source import read_source

BACKBONE = nn.Identity()


def write(path, selector, decoder, **more):
    head = {"decoder.enc_score_head.bias": torch.ones(selector), "decoder.dec_score_head.0.bias": torch.ones(decoder)}
    layer = {"decoder.decoder.layers.0.norm1.bias": torch.ones(2), "decoder.enc_output.proj.bias": torch.ones(2)}
    torch.save({"ema": {"module": {**layer, **head}}, **more}, path)
    return read_source(path, BACKBONE)


# lyuwenyu/RT-DETR#179: version 2 is also published for discrete sampling, under names with "dsp".
def test_discrete_sampling_is_said_by_name_and_refused_where_it_is_stored(tmp_path):
    assert "discrete sampling" in write(tmp_path / "rtdetrv2_r18vd_dsp.pth", 3, 3).notes[0]
    stored = write(tmp_path / "a.pth", 3, 3, cfg={"cross_attn_method": "discrete"})
    assert stored.inexpressible == ("cross_attn_method: 'discrete' (here: 'default')",)
    assert write(tmp_path / "b.pth", 3, 3).notes == ()


# lyuwenyu/RT-DETR#605: how queries are selected is a matter of configuration.
def test_query_selection_that_knows_no_classes_is_refused(tmp_path):
    assert "query_select_method: 'agnostic'" in write(tmp_path / "a.pth", 1, 3).inexpressible[0]
