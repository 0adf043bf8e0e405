"""Normalization of feature maps."""

from typing import get_args

import onnxruntime
import pytest
import torch
from torch import distributed, nn

from tests.model.two_processes import CASES, WORLD_SIZE, learn, share
from yolozu.contract.sections.model import Norm
from yolozu.model.norms import FrozenBatchNorm, make_norm, running_statistics


def test_frozen_statistics_equal_those_of_an_evaluated_batch_norm():
    torch.manual_seed(0)
    trained = nn.BatchNorm2d(6)
    trained(torch.randn(8, 6, 4, 4) * 3 + 1)
    nn.init.uniform_(trained.weight)
    nn.init.uniform_(trained.bias)
    frozen = FrozenBatchNorm(6)
    state = {name: value for name, value in trained.state_dict().items() if name != "num_batches_tracked"}
    frozen.load_state_dict(state)
    images = torch.randn(2, 6, 5, 3)
    torch.testing.assert_close(frozen.train()(images), trained.eval()(images))


def test_frozen_statistics_have_nothing_to_train():
    assert list(FrozenBatchNorm(4).parameters()) == []


@pytest.mark.parametrize(("channels", "groups"), [(64, 32), (48, 16), (8, 8), (20, 4)])
def test_groups_divide_the_channels(channels, groups):
    assert make_norm("gn", channels).num_groups == groups


def test_bn_is_batch_normalization():
    assert isinstance(make_norm("bn", 4), nn.BatchNorm2d)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """What each of two processes got in every case."""
    directory = tmp_path_factory.mktemp("processes")
    torch.multiprocessing.spawn(share, (directory,), nprocs=WORLD_SIZE)
    return [torch.load(directory / f"{rank}.pt") for rank in range(WORLD_SIZE)]


TOLERANCES = {torch.float64: {"rtol": 1e-10, "atol": 1e-12}, torch.float32: {"rtol": 3e-3, "atol": 3e-3}}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_two_processes_normalize_as_one_with_the_whole_batch(shared, name):
    case = CASES[name]
    first, second = (found[name] for found in shared)
    whole = learn("bn", case, slice(None))
    tolerance = {"rtol": 0.02, "atol": 0.05} if case.autocast else TOLERANCES[case.dtype]
    for key, expected in whole.items():
        if key in {"outputs", "images.grad"}:
            got = torch.cat([first[key], second[key]])
        elif key.endswith(".grad"):
            got = first[key] + second[key]
        else:
            got = first[key]
            assert torch.equal(got, second[key]), f"{key} differs between the processes"
        torch.testing.assert_close(got, expected, **tolerance, msg=lambda text, key=key: f"{key}: {text}")


def normalized(norm, dtype=torch.float32):
    """Output, gradient and state of a training step, and the output of evaluation after it."""
    generator = torch.Generator().manual_seed(0)
    images = (torch.randn(3, 6, 4, 5, generator=generator) * 2 + 1).to(dtype).requires_grad_()
    with torch.no_grad():
        norm.weight.copy_(torch.rand(6, generator=generator))
    output = norm(images)
    output.square().sum().backward()
    evaluated = norm.eval()(images)
    return [output, images.grad, norm.weight.grad, norm.bias.grad, evaluated, *norm.state_dict().values()]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_one_process_is_batch_normalization_bit_for_bit(dtype):
    synced, plain = make_norm("syncbn", 6), nn.BatchNorm2d(6)
    assert list(synced.state_dict()) == list(plain.state_dict())
    pairs = zip(normalized(synced, dtype), normalized(plain, dtype), strict=True)
    assert all(torch.equal(ours, theirs) for ours, theirs in pairs)


def test_a_group_of_one_process_is_batch_normalization_bit_for_bit(tmp_path):
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/alone", rank=0, world_size=1)
    try:
        pairs = zip(normalized(make_norm("syncbn", 6)), normalized(nn.BatchNorm2d(6)), strict=True)
        assert all(torch.equal(ours, theirs) for ours, theirs in pairs)
    finally:
        distributed.destroy_process_group()


@pytest.mark.parametrize("name", ["bn", "syncbn"])
def test_running_statistics_are_used_and_left_as_they_are(name):
    net = nn.Sequential(make_norm(name, 2), nn.Dropout(0.5), make_norm(name, 2)).train()
    net[2].eval()
    net[0].running_mean.copy_(torch.tensor([1.0, 2.0]))
    net[0].running_var.fill_(4.0)
    before = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    features = torch.full((3, 2, 2, 2), 5.0)
    with running_statistics(net):
        found = net[0](features)
        assert net[1].training
    torch.testing.assert_close(found[0, :, 0, 0], torch.tensor([2.0, 1.5]), atol=1e-5, rtol=0.0)
    assert all(torch.equal(tensor, before[key]) for key, tensor in net.state_dict().items())
    assert [module.training for module in net] == [True, True, False]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecations
def test_every_norm_exports_to_onnx(tmp_path):
    torch.manual_seed(0)
    module = nn.Sequential(*[make_norm(name, 8) for name in get_args(Norm)])
    module(torch.randn(4, 8, 5, 5) * 3 + 1)
    path = tmp_path / "norms.onnx"
    sample = torch.randn(2, 8, 5, 5)
    torch.onnx.export(module.eval(), (sample,), path, dynamo=True, external_data=False, verbose=False)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (exported,) = session.run(None, {"input": sample.numpy()})
    torch.testing.assert_close(torch.from_numpy(exported), module(sample), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["bn", "syncbn"])
def test_a_single_value_is_normalized_by_running_statistics_which_stay(name):
    torch.manual_seed(0)
    norm = make_norm(name, 6)
    norm(torch.randn(8, 6, 4, 4) * 3 + 1)
    before = {key: value.clone() for key, value in norm.state_dict().items()}
    lone = torch.randn(1, 6, 1, 1, requires_grad=True)
    found = norm(lone)
    found.square().sum().backward()
    assert lone.grad.abs().min() > 0.0
    torch.testing.assert_close(found, norm.eval()(lone), rtol=0, atol=0)
    assert all(torch.equal(before[key], value) for key, value in norm.state_dict().items())


def test_any_other_batch_is_normalized_as_torch_does_bit_for_bit():
    torch.manual_seed(0)
    for shape in ((2, 6, 1, 1), (1, 6, 1, 2), (3, 6, 4, 4)):
        ours, plain, features = make_norm("bn", 6), nn.BatchNorm2d(6), torch.randn(shape)
        assert torch.equal(ours(features), plain(features))
        assert torch.equal(ours.running_var, plain.running_var)


@pytest.mark.parametrize("train", [True, False])
def test_groups_of_one_value_make_the_bias_of_one_image_as_of_several(train):
    norm = make_norm("gn", 8).train(train)
    nn.init.uniform_(norm.bias)
    features = torch.randn(2, 8, 1, 1)
    assert torch.equal(norm(features)[:1], norm(features[:1]))
