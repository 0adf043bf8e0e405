from pathlib import Path

import pytest

from yolozu.app.starting_files import contract_for, write_starting_files
from yolozu.artifacts.published_weights import PUBLISHED_WEIGHTS
from yolozu.contract.loader import load_contract

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


@pytest.mark.parametrize("weights", PUBLISHED_WEIGHTS, ids=lambda weights: weights.name)
def test_the_contract_for_published_weights_starts_from_them_and_is_valid(weights, tmp_path):
    text = contract_for(weights)
    (tmp_path / "exp.yaml").write_text(text)
    loaded = load_contract(tmp_path / "exp.yaml", strict=True)
    assert loaded.warnings == ()
    assert (loaded.contract.init.init_from, loaded.contract.init.head_init) == (weights.name, "remap")
    assert "configs/examples/" not in text
    assert "yaml-language-server" not in text
