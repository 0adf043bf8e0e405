import pytest

from yolozu.contract.foreign_keys import FOREIGN_KEYS
from yolozu.contract.migration.contract_text import ContractText
from yolozu.contract.migration.other_trainers import SAME_MEANING, SAME_VALUE, spell_as_here
from yolozu.contract.strict.slots import keys

ULTRALYTICS = """\
batch: 16  # sixteen
imgsz: 640
lr0: 0.01
workers: 8
epochs: 3
cos_lr: true
device: 0
cache: true
"""
HERE = """\
batch_size: 16  # sixteen
image_size: 640
lr: 0.01
num_workers: 8
epochs: 3
scheduler: cosine
device: "cuda:0"
cache: ram
"""


def spelled(text):
    contract = ContractText(text, "args.yaml")
    spell_as_here(contract)
    contract.apply()
    return contract.text, [problem.finding.render() for problem in contract.refused]


def test_keys_and_values_with_one_meaning_get_our_spelling():
    assert spelled(ULTRALYTICS) == (HERE, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lrf: 0.01\n", "here it is min_lr: a learning rate, not a fraction; with scheduler: cosine"),
        ("nbs: 64\n", "here it is gradient_accumulation_steps"),
        ("exist_ok: true\n", "not there: a finished run is never overwritten: the same command builds what is stale"),
        ("cos_lr: false\n", "here it is scheduler: cosine"),
    ],
)
def test_what_means_something_else_here_is_refused(text, said):
    problem = f"args.yaml:1: {text.partition(':')[0]}: YZ368 is a key of another trainer, and says something else here"
    assert spelled(text) == (text, [f"{problem}\n  fix: {said}"])


def test_two_keys_of_one_meaning_are_not_chosen_from():
    assert spelled("lr0: 1\nlearning_rate: 2\n")[1] == [
        "args.yaml:2: learning_rate: YZ369 means lr, which is written, too\n  fix: keep one of the two"
    ]


@pytest.mark.parametrize("text", ["device: 0,1\n", "device: cpu\n", "amp: true\n", "model: {lr0: 1}\n", "wheel: 3\n"])
def test_all_else_stays(text):
    assert spelled(text) == (text, [])


def test_what_is_renamed_is_a_key_of_a_trainer_and_one_of_ours():
    assert {FOREIGN_KEYS[key].ours for key in SAME_VALUE} <= set(keys())
    assert {(FOREIGN_KEYS[key].ours) for key, _ in SAME_MEANING} == {ours for ours, _ in SAME_MEANING.values()}
