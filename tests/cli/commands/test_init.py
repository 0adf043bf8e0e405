import pytest

from yolozu.cli.app import main
from yolozu.contract.loader import load_contract
from yolozu.engine.dodo import Dodo


def test_what_it_writes_works_as_it_stands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    assert capsys.readouterr().out.splitlines()[:3] == ["dodo.py", "exp.yaml", ".gitignore"]
    assert (tmp_path / ".gitignore").read_text() == "/runs/\n"
    loaded = load_contract(tmp_path / "exp.yaml", strict=True)
    assert [warning.render() for warning in loaded.warnings] == []
    assert (tmp_path / "dodo.py").read_text().count("DODO = Dodo(sys.argv[1:])") == 1
    assert Dodo([]).config["dep_file"] == "runs/exp/plan/doit.sqlite"


def test_it_makes_the_directory(tmp_path):
    assert main(["init", str(tmp_path / "new" / "place")]) == 0
    assert sorted(path.name for path in (tmp_path / "new" / "place").iterdir()) == [".gitignore", "dodo.py", "exp.yaml"]


@pytest.mark.parametrize("name", ["dodo.py", "exp.yaml"])
def test_it_overwrites_nothing(tmp_path, capsys, name):
    (tmp_path / name).write_text("mine")
    assert main(["init", str(tmp_path), "--configs"]) == 2
    assert capsys.readouterr().err == (
        f"{tmp_path / name}: YZ905 is there already\n  fix: move it away, or name another directory\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"
