import pytest

from tests.engine.doit.sessions import sessions_of
from yolozu.engine.doit.shared_results import result_keys, stale_part


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def equal_stages(words, others):
    one, other = (result_keys(session) for session in sessions_of(a=words, b=others))
    return [stage for stage, key in one.items() if other[stage] == key]


def test_what_a_key_does_not_reach_is_equal():
    assert equal_stages("lr=0.1", "lr=0.2") == ["prepare_data"]
    assert equal_stages("num_workers=0", "num_workers=2") == [
        "prepare_data", "train", "export_onnx", "onnx_parity", "predict", "validate_predictions", "evaluate",
    ]  # fmt: skip


def test_the_first_of_equal_stages_runs_and_others_have_its_result():
    part = stale_part(sessions_of(a="lr=0.1", b="lr=0.2", c="lr=0.2 eval_engine=pycocotools"))
    assert len(part.stale) == 3 * 8
    assert part.twins["b/prepare_data"] == part.twins["c/prepare_data"] == "a/prepare_data"
    assert part.twins["c/train"] == "b/train"
    assert [name for name in part.to_run if name.startswith("c/")] == ["c/evaluate", "c/report"]
