import pytest

from yolozu.cli.app import main
from yolozu.contract.foreign_keys import FOREIGN_KEYS, foreign_fix
from yolozu.contract.loader import load_contract
from yolozu.contract.overrides import Override
from yolozu.contract.strict.slots import keys, slot_at
from yolozu.errors import ContractError

ULTRALYTICS = """\
data: coco8.yaml
epochs: 3
batch: 16
imgsz: 640
lr0: 0.01
workers: 8
mixup: 0.1
nc: 80
name: exp
patience: 50
close_mosaic: 10
"""


def test_every_answer_names_a_key_that_is_there_and_no_question_is_one():
    ours = {key.ours for key in FOREIGN_KEYS.values() if key.ours is not None}
    assert [key for key in ours if slot_at(tuple(key.split("."))) is None] == []
    assert set(FOREIGN_KEYS).isdisjoint(keys())


def test_a_file_of_another_trainer_is_answered_line_by_line(tmp_path):
    path = tmp_path / "args.yaml"
    path.write_text(ULTRALYTICS)
    with pytest.raises(ContractError) as caught:
        load_contract(path, strict=True)
    assert [finding.fix for finding in caught.value.findings if finding.code == "YZ102"] == [
        "here it is dataset_root: a folder, or a data.yaml",
        "here it is batch_size",
        "here it is image_size: a multiple of 32",
        "here it is lr",
        "here it is num_workers",
        "not there: mosaic_prob joins pictures, paste_backgrounds changes backgrounds",
        "not there: the data set says its classes",
        "here it is run_id",
        "here it is early_stop_patience: in validations",
        "not there: mosaic_prob is the same to the end",
    ]


@pytest.mark.parametrize("key", ["data", "batch", "imgsz", "lr0", "learning_rate", "gpu", "classes", "nc", "pretrained",
                                 "project", "workers", "mixup"])  # fmt: skip
def test_every_word_of_another_trainer_has_an_answer(key):
    assert foreign_fix(key).startswith(("here it is ", "not there: "))
    assert foreign_fix("weight_deacy") is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "--imgsz", "640"], "here it is --image-size: a multiple of 32"),
        (["train", "--lr0", "1"], "here it is --lr"),
        (["train", "--box", "1"], "here it is loss_weights.bbox"),
        (["train", "--mixup", "1"], "not there: mosaic_prob joins pictures, paste_backgrounds changes backgrounds"),
        (["predict", "--conf", ".3"], "here it is --score-threshold"),
        (["eval-coco", "--imgsz", "3"], "see 'yolozu eval-coco --help'"),
        (["train", "--epoch", "3"], "did you mean '--epochs'?"),
    ],
)
def test_options_of_another_trainer_are_answered_as_options(capsys, words, said):
    assert main(words) == 2
    option = next(word for word in words if word.startswith("--"))
    assert capsys.readouterr().err == f"yolozu {words[0]}: YZ903 no such option: {option}\n  fix: {said}\n"


@pytest.mark.parametrize(
    ("key", "value", "fix"),
    [
        ("amp", True, "write bf16, or fp16 on cuda"),
        ("cache", True, "write ram"),
        ("optimizer", "auto", "write adamw"),
        ("optimizer", "SGD", "did you mean 'sgd'?"),
        ("device", 0, "write cuda:0"),
        ("device", "0,1", "write cuda, ddp: true and nproc_per_node: 2"),
        ("device", "mps", "write cpu: Apple's GPU is not used"),
    ],
)
def test_values_of_another_trainer_are_answered_too(key, value, fix):
    with pytest.raises(ContractError) as caught:
        load_contract(None, [Override("max_steps", 3, "max_steps=3"), Override(key, value, f"{key}={value}")])
    assert [finding.fix for finding in caught.value.findings] == [fix]
