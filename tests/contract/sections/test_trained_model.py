import pytest
from pydantic import ValidationError

from yolozu.contract.sections.lora import LoraSection
from yolozu.contract.sections.model import ModelConfig
from yolozu.contract.sections.train import MimSection
from yolozu.contract.sections.trained_model import LoraConfig, ReconstructionConfig, TrainedModelConfig, with_additions

CONFIG = ModelConfig(num_queries=7, pose=True)


def test_without_additions_it_is_the_architecture_itself():
    assert with_additions(CONFIG, MimSection(mim_patch_size=8)) is CONFIG


@pytest.mark.effect("enable_mim", "mim_mask_prob", "mim_patch_size")
def test_masked_image_modelling_adds_a_head_that_knows_its_masks():
    mim = MimSection(enable_mim=True, mim_mask_prob=0.25, mim_patch_size=32)
    decided = with_additions(CONFIG, mim, fill=(0.5, 0.25, 0.0))
    assert isinstance(decided, TrainedModelConfig)
    assert decided.reconstruction == ReconstructionConfig(mask_prob=0.25, patch_size=32, fill=(0.5, 0.25, 0.0))
    assert decided.model_dump(include=set(ModelConfig.model_fields)) == CONFIG.model_dump()


@pytest.mark.effect("lora_r", "lora_alpha", "lora_dropout", "lora_target")
def test_adapters_are_part_of_the_architecture():
    keys = {"lora_r": 4, "lora_alpha": 6.0, "lora_dropout": 0.25, "lora_target": "all_linear"}
    decided = with_additions(CONFIG, MimSection(), LoraSection(**keys))
    assert isinstance(decided, TrainedModelConfig)
    assert decided.lora == LoraConfig(rank=4, alpha=6.0, dropout=0.25, target="all_linear")
    assert decided.lora.scale == 1.5
    assert TrainedModelConfig.model_validate(decided.model_dump(mode="json"), strict=False) == decided


def test_without_an_alpha_it_is_the_rank():
    decided = with_additions(CONFIG, MimSection(), LoraSection(lora_r=4))
    assert decided.lora == LoraConfig(rank=4, alpha=4.0, target="head")


def test_it_comes_back_from_json_and_architectures_without_additions_are_understood():
    decided = with_additions(CONFIG, MimSection(enable_mim=True))
    assert TrainedModelConfig.model_validate(decided.model_dump(mode="json"), strict=False) == decided
    assert TrainedModelConfig.model_validate(CONFIG.model_dump(mode="json"), strict=False).reconstruction is None


def test_contracts_cannot_say_it():
    with pytest.raises(ValidationError):
        ModelConfig.model_validate({"reconstruction": None})
