"""What is said of files that `yolozu lora` writes."""

from dataclasses import replace

from tests.fixtures.exported import CLASSES, LORA_CONFIG, random_checkpoint
from yolozu.app.adapter_files import LEFT_OUT, apply_file, merge_file, split_file
from yolozu.artifacts.checkpoint import TrainingRecord, write_checkpoint


def test_the_training_s_state_is_told_to_be_left_out(tmp_path):
    saved = random_checkpoint(0, CLASSES, LORA_CONFIG)
    write_checkpoint(
        tmp_path / "last.pt",
        replace(saved, ema=saved.weights, eval_weights="ema", training_state=TrainingRecord({}, {})),
    )
    written = merge_file(tmp_path / "last.pt", tmp_path / "merged.pt")
    assert written.notes == (LEFT_OUT,)
    assert written.files[0].what.endswith("merged into the weights, the moving average's too")


def test_adapters_are_a_fraction_of_the_checkpoint(tmp_path):
    write_checkpoint(tmp_path / "best.pt", random_checkpoint(0, CLASSES, LORA_CONFIG))
    adapters, base = split_file(tmp_path / "best.pt", tmp_path / "adapters.pt", tmp_path / "base.pt").files
    assert adapters.size < (tmp_path / "best.pt").stat().st_size
    assert adapters.what.startswith("the adapters alone; base ")
    assert base.what == "the base, an ordinary checkpoint"
    (again,) = apply_file(base.path, adapters.path, tmp_path / "again.pt").files
    assert again.what == "a checkpoint with adapters beside its base"
