"""A teacher in a bundle."""

import json

import torch

from tests.training.test_self_distillation import teaching
from yolozu.training.non_finite.teacher import SETTINGS, read_teacher, teacher_tensors, teacher_values


def test_it_comes_back_with_its_weights_and_what_it_teaches():
    taught = teaching(keys=("bbox",), pseudo_labels="mask", weight=0.3)
    values = json.loads(json.dumps(teacher_values(taught)))
    tensors = {**teacher_tensors(taught), "optimizer/a": torch.zeros(1)}
    found = read_teacher(values, tensors, source="step.pt")
    assert [getattr(found, name) for name in SETTINGS] == [getattr(taught, name) for name in SETTINGS]
    own = taught.detector.state_dict()
    assert all(torch.equal(tensor, own[name]) for name, tensor in found.detector.state_dict().items())


def test_without_a_teacher_there_is_none():
    assert (teacher_values(None), teacher_tensors(None), read_teacher(None, {}, source="step.pt")) == (None, {}, None)
