from __future__ import annotations

from yolozu.contract.loader import load_contract
from yolozu.contract.overrides import parse_assignments


# gregreen/dustmaps#2, bitextor/bitextor#200: "~/data" in a configuration made a directory called "~".
def test_a_path_at_home_is_one(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "exp.yaml").write_text("max_steps: 1\ndataset_root: ~/data\n")
    assert load_contract(tmp_path / "exp.yaml").contract.dataset.dataset_root == f"{tmp_path}/data"
    given = parse_assignments(["dataset_root=~/other"])
    assert load_contract(tmp_path / "exp.yaml", given).contract.dataset.dataset_root == f"{tmp_path}/other"
