import pytest

from tests.engine.conftest import CONTRACT, opened
from yolozu.errors import InputError


def test_the_resolved_contract_names_the_run_it_is_of(config, tmp_path):
    (tmp_path / "exp.yaml").write_text(CONTRACT + "run_id: mine\n")
    session = opened(run_id="other")
    assert session.loaded.contract.run.run_id == "other"
    assert "run_id: other" in session.texts["reports/config_resolved.yaml"]


def test_a_given_predictions_file_is_known_by_its_content(config, tmp_path):
    words = ["adapter=precomputed", "predictions=mine.json"]
    with pytest.raises(InputError) as caught:
        opened(*words)
    assert str(caught.value) == (
        "predictions: mine.json (predictions=mine.json): YZ313 there is no such file\n"
        "  fix: name the predictions file that adapter: precomputed reads, relative to the working directory"
    )
    (tmp_path / "mine.json").write_text("[]")
    before = opened(*words).texts["plan/given.json"]
    (tmp_path / "mine.json").write_text("[1]")
    assert opened(*words).texts["plan/given.json"] != before
