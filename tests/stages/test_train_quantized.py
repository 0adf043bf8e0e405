"""Training adapters beside a quantized base, as a stage."""

from importlib.util import find_spec

import pytest
import torch

from tests.stages.test_train import context, inputs, outputs_in, spec  # noqa: F401 - `inputs` is a fixture
from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.run_meta import read_run_meta
from yolozu.contract.sections.lora import LoraSection, QuantizationSection
from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.optim import LengthSection
from yolozu.contract.sections.train import LoopSection
from yolozu.model.loading import detector_from
from yolozu.model.lora import is_lora_parameter
from yolozu.model.quantized_linear import QuantizedLinear
from yolozu.stages.train import run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("torchao") is None, reason="quantizes: pip install 'yolozu[torchao]'"),
]
LORA = LoraSection(lora_r=2, lora_target="all_linear_conv1x1")


def trained(inputs, directory, *, steps=2, context_of=None, **sections):  # noqa: F811
    chosen = spec(
        length=LengthSection(max_steps=steps),
        lora=LORA,
        loop=LoopSection(batch_size=3, use_ema=True, ema_eval=True),
        **sections,
    )
    outputs = outputs_in(directory)
    directory.mkdir(exist_ok=True)
    run(chosen, inputs, outputs, context(directory) if context_of is None else context_of)
    return outputs


@pytest.mark.effect("torchao_quant", "qlora")
@pytest.mark.parametrize(
    ("section", "applied"),
    [
        (QuantizationSection(torchao_quant="int8wo"), "int8wo"),
        (QuantizationSection(qlora=True), "int4wo_intx"),
    ],
)
def test_adapters_learn_beside_codes_that_keep_their_bits(inputs, tmp_path, section, applied):  # noqa: F811
    outputs = trained(inputs, tmp_path / "out", quantization=section)
    last = read_checkpoint(outputs.last)
    first = read_checkpoint(trained(inputs, tmp_path / "shorter", steps=1, quantization=section).last)
    assert last.model_config["quantization"] == applied
    codes = [name for name in last.weights if name.endswith((".weight.qdata", ".weight.scale"))]
    assert all(torch.equal(last.weights[name], first.weights[name]) for name in codes)
    assert all(torch.equal(last.weights[name], last.ema[name]) for name in codes), "an average of what never moves"
    assert any(not torch.equal(last.weights[n], first.weights[n]) for n in last.weights if is_lora_parameter(n))
    record = read_run_meta(outputs.run_meta).quantization
    assert record.applied == applied
    detector = detector_from(last)
    layers = [name for name, layer in detector.named_modules() if isinstance(layer, QuantizedLinear)]
    assert layers == record.layers
    assert sorted(codes) == sorted(f"{name}.weight.{part}" for name in layers for part in ("qdata", "scale"))


def test_a_training_without_has_no_record(inputs, tmp_path):  # noqa: F811
    outputs = trained(inputs, tmp_path / "out")
    assert read_run_meta(outputs.run_meta).quantization is None
    assert read_checkpoint(outputs.last).model_config["quantization"] is None


def test_a_stopped_training_goes_on_to_the_same_bits(inputs, tmp_path):  # noqa: F811
    section = QuantizationSection(qlora=True)
    whole = trained(inputs, tmp_path / "whole", steps=4, quantization=section)
    directory = tmp_path / "stopped"
    directory.mkdir()

    class Stopped(BaseException):
        pass

    def stop(done, _total):
        if done == 2:
            raise Stopped

    every = OperationsSection(save_last_every=2)
    with pytest.raises(Stopped):
        trained(
            inputs,
            directory,
            steps=4,
            quantization=section,
            context_of=context(directory, operations=every, saved=stop),
        )
    outputs = trained(inputs, directory, steps=4, quantization=section, context_of=context(directory, operations=every))
    assert digest_file(outputs.best) == digest_file(whole.best)
    assert digest_file(outputs.last) == digest_file(whole.last)
