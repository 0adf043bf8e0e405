from __future__ import annotations

import pytest

from yolozu.contract.expansion import UnclearPathError, expanded
from yolozu.contract.loader import load_contract
from yolozu.contract.overrides import parse_assignments
from yolozu.contract.show import rows
from yolozu.errors import ContractError


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DATA", "/mnt/data")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("NOWHERE", raising=False)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("~", "{home}"),
        ("~/parts", "{home}/parts"),
        ("${DATA}/parts", "/mnt/data/parts"),
        ("$DATA/parts", "/mnt/data/parts"),
        ("a/${DATA}${DATA}", "a//mnt/data/mnt/data"),
        ("parts", "parts"),
        ("/a/b~/c", "/a/b~/c"),
        ("a$5b", "a$5b"),
        ("cost$", "cost$"),
        ("synthetic", "synthetic"),
    ],
)
def test_home_and_variables_are_replaced_and_other_paths_stay_as_they_are(tmp_path, path, meant):
    assert expanded(path) == meant.format(home=tmp_path / "home")


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("${NOWHERE}/a", "${NOWHERE}/a: there is no environment variable NOWHERE"),
        ("$EMPTY/a", "$EMPTY/a: there is no environment variable EMPTY"),
        ("~no-such-user/a", "~no-such-user/a: there is no home directory ~no-such-user"),
    ],
)
def test_what_stands_for_nothing_is_refused_unless_something_is_called_so(tmp_path, path, problem):
    with pytest.raises(UnclearPathError) as refused:
        expanded(path)
    assert str(refused.value) == problem
    (tmp_path / path).mkdir(parents=True)
    assert expanded(path) == path


def test_what_is_called_so_is_meant_where_nothing_is_at_the_other_place(tmp_path):
    (tmp_path / "~/a").mkdir(parents=True)
    assert expanded("~/a") == "~/a"
    (tmp_path / "home/a").mkdir()
    with pytest.raises(UnclearPathError) as refused:
        expanded("~/a")
    assert (refused.value.problem, refused.value.fix) == (
        f"~/a is there, and so is {tmp_path}/home/a",
        f"write {tmp_path}/home/a, or rename the other",
    )
    assert expanded("./~/a") == "./~/a"


def test_on_the_command_line_the_shell_has_replaced_the_variables():
    assert expanded("${NOWHERE}/a", variables=False) == "${NOWHERE}/a"


def shown(path, *words):
    return {row.key: (row.value, row.origin) for row in rows(load_contract(path, parse_assignments(words)))}


def test_paths_of_a_contract_are_shown_as_they_resolve_with_their_origin(tmp_path):
    path = tmp_path / "exp.yaml"
    path.write_text("max_steps: 1\ndataset_root: ~/parts\ninit_from: ${DATA}/w.pt\nsplit: ~/x\n")
    found = shown(path, "paste_backgrounds=$DATA/grounds")
    assert found["dataset_root"] == (f"{tmp_path}/home/parts", f"{path}:2")
    assert found["init_from"] == ("/mnt/data/w.pt", f"{path}:3")
    assert found["paste_backgrounds"] == ("/mnt/data/grounds", "paste_backgrounds=$DATA/grounds")
    assert found["split"][0] == '"~/x"'


def test_the_file_of_a_model_may_be_at_home(tmp_path):
    (tmp_path / "home/m.yaml").write_text("num_queries: 7\n")
    (tmp_path / "exp.yaml").write_text("max_steps: 1\nmodel: ~/m.yaml\n")
    assert load_contract(tmp_path / "exp.yaml").contract.model.model.num_queries == 7
    given = parse_assignments(["model=~/m.yaml"])
    assert load_contract(None, [*given, *parse_assignments(["max_steps=1"])]).contract.model.model.num_queries == 7


def test_unclear_paths_are_findings_at_their_places_all_at_once(tmp_path):
    path = tmp_path / "exp.yaml"
    path.write_text("max_steps: 1\ndataset_root: $NOWHERE\ninit_from: ~no-such-user/w.pt\nlr: fast\n")
    with pytest.raises(ContractError) as refused:
        load_contract(path, parse_assignments(["predictions=${NOWHERE}/p.json"]))
    assert [(finding.where, finding.code) for finding in refused.value.findings] == [
        (f"{path}:2: dataset_root", "YZ292"),
        (f"{path}:3: init_from", "YZ292"),
        (f"{path}:4: lr", "YZ103"),
        ("predictions=${NOWHERE}/p.json", "YZ292"),
    ]
