import pytest

from yolozu.contract.required_keys import asked_by, missing_keys
from yolozu.contract.text.yaml import read_yaml_text


@pytest.mark.parametrize(
    ("text", "key"),
    [("run_id: a", "run_id"), ("lr: 1\nconfig_version: 1", "config_version"),
     ("run_contract: true", "run_contract"), ("lr: 1", None), ("run_contract: false", None)],
)  # fmt: skip
def test_what_asks_for_strict_mode(text, key):
    asked = asked_by(read_yaml_text(text, "exp.yaml")[0])
    assert (asked[0] if asked is not None else None) == key


def test_nothing_is_missing_where_all_is_spelled():
    text = "config_version: 1\ndataset_root: x\nseed: 0\ndevice: cpu\nddp: false\namp: none\n"
    assert missing_keys(read_yaml_text(text, "exp.yaml")[0], None) == []
