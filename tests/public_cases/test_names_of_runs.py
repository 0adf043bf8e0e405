from tests.engine.conftest import CONTRACT, opened
from yolozu.cli.app import main


# birdnet-team/geomodel#13: a mistyped name to resume began a fresh training of many hours, without a word.
def test_a_mistyped_run_id_begins_no_training(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exp.yaml").write_text(CONTRACT)
    opened(run_id="exp01").write_plan()
    for words in (["run", "run_id=exp10", "eval"], ["train", "--run-id", "exp10"], ["status", "run_id=exp10"]):
        assert main(words) == 2
        assert "did you mean 'exp01'?" in capsys.readouterr().err
    assert not (tmp_path / "runs/exp10").exists()
