import pytest

from yolozu.errors import InputError
from yolozu.plan.receipt import Receipt

RECEIPT = Receipt(
    "train", 1, {"seed": {"seed": 0}}, {"train": "ab"}, {"checkpoints/best.pt": "cd", "x": None}, {}, "now", 1.5, {}
)


def test_a_receipt_reads_as_it_was_written(tmp_path):
    RECEIPT.write(tmp_path / "train.json")
    assert Receipt.read(tmp_path / "train.json") == RECEIPT


def test_no_file_is_no_receipt(tmp_path):
    assert Receipt.read(tmp_path / "train.json") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 9}', '{"schema_version": 1, "stage": "train"}'])
def test_a_broken_receipt_says_how_to_go_on(tmp_path, text):
    (tmp_path / "train.json").write_text(text)
    with pytest.raises(InputError) as caught:
        Receipt.read(tmp_path / "train.json")
    assert caught.value.findings[0].fix == "delete it: the stage then runs again"
