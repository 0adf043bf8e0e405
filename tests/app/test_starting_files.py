from pathlib import Path

from yolozu.app.starting_files import write_starting_files

CONFIGS = Path(__file__).parents[2] / "configs"


def test_a_gitignore_that_is_there_stays(tmp_path):
    (tmp_path / ".gitignore").write_text("mine")
    paths = list(write_starting_files(tmp_path, configs=False))
    assert [path.name for path in paths] == ["dodo.py", "exp.yaml"]
    assert (tmp_path / ".gitignore").read_text() == "mine"


def test_the_contracts_of_the_documentation_are_written_where_it_names_them(tmp_path):
    paths = list(write_starting_files(tmp_path, configs=True))
    assert all(path.is_file() for path in paths)
    theirs = {path.relative_to(CONFIGS): path.read_text() for path in CONFIGS.glob("*/*.yaml")}
    written = {path.relative_to(tmp_path / "configs"): path.read_text() for path in tmp_path.glob("configs/*/*.yaml")}
    assert written == {path: text.partition("\n")[2] for path, text in theirs.items()}
    assert Path("examples/coco128.yaml") in written
    assert not (tmp_path / "configs/default.yaml").exists()
