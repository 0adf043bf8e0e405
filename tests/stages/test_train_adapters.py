"""Training adapters as a stage: beside the weights of a file, into a checkpoint that needs no flags."""

import pytest
import torch

from tests.stages.contexts import Notes
from tests.stages.test_train import context, inputs, outputs_in, spec  # noqa: F401 - `inputs` is a fixture
from tests.training.test_first_weights import file, planned  # noqa: F401 - `file` is a fixture
from tests.training.tiny import ADAPTERS
from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.artifacts.run_meta import read_run_meta
from yolozu.contract.sections.init_from import InitSection
from yolozu.contract.sections.lora import LoraSection
from yolozu.contract.sections.train import LoopSection
from yolozu.model.adapter_files import merged_checkpoint, split_checkpoint
from yolozu.model.loading import detector_from
from yolozu.model.lora import base_name, has_lora, is_lora_parameter
from yolozu.stages.train import run

pytestmark = pytest.mark.slow


@pytest.mark.effect("lora_r")
def test_adapters_train_beside_the_weights_of_a_file(inputs, file, tmp_path):  # noqa: F811
    chosen = spec(
        init=InitSection(init_from=str(file)),
        lora=LoraSection.model_validate(ADAPTERS),
        loop=LoopSection(batch_size=3, use_ema=True, ema_eval=True),
    )
    planned(file, inputs.init_from)
    outputs, notes = outputs_in(tmp_path / "out"), Notes()
    run(chosen, inputs, outputs, context(tmp_path, progress=notes))
    given, best = read_checkpoint(file), read_checkpoint(outputs.best)
    for weights in (best.weights, best.ema):
        base = {base_name(name): value for name, value in weights.items() if not is_lora_parameter(name)}
        assert list(base) == list(given.weights)
        assert all(torch.equal(value, given.weights[name]) for name, value in base.items() if "num_batches" not in name)
    assert any(value.any() for name, value in best.weights.items() if name.endswith("lora_up.weight"))
    assert has_lora(detector_from(best))
    assert not has_lora(detector_from(merged_checkpoint(best)))
    part = read_run_meta(outputs.run_meta).trainable
    adapters = [value for name, value in best.weights.items() if is_lora_parameter(name)]
    assert part.parameters == sum(value.numel() for value in adapters)
    assert (part.adapted_layers, part.share) == (len(adapters) // 2, part.parameters / part.of)
    assert part.optimizer_bytes == 8 * part.parameters + 4 * len(adapters)
    said = next(line for line in notes.lines if line.startswith("adapters of rank 2"))
    assert said.endswith(f"parameters train ({100 * part.share:.1f} %); the base keeps its bits")
    assert not any(line.startswith("warning: the frozen base") for line in notes.lines)
    assert split_checkpoint(best)[0].base_sha256 == split_checkpoint(read_checkpoint(outputs.last))[0].base_sha256
