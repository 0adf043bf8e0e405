import pytest

from yolozu.contract.loader import load_contract
from yolozu.contract.text.node import Node, Origin
from yolozu.contract.versions import as_version, current_version, other_version, stated_version
from yolozu.errors import ContractError


def stating(value):
    origin = Origin.in_file("exp.yaml", 3)
    return Node({"config_version": Node(value, origin)}, origin)


@pytest.mark.parametrize(("value", "version"), [(1, 1), (7, 7), (0, None), (True, None), ("1", None), (1.0, None)])
def test_a_version_is_a_whole_number_of_at_least_one(value, version):
    assert (as_version(value), stated_version(stating(value))) == (version, version)


def test_an_older_contract_is_told_how_it_becomes_one_of_today():
    assert other_version(stating(2), 3).finding.render() == (
        "exp.yaml:3: config_version: YZ367 is of version 2, older than 3, which this yolozu reads\n"
        "  fix: yolozu contract migrate exp.yaml shows what changes, --write writes it"
    )


@pytest.mark.parametrize("value", [3, "3", None])
def test_todays_version_and_what_is_none_are_left_to_others(value):
    assert other_version(stating(value), 3) is None


def test_of_a_newer_contract_nothing_else_is_found_fault_with(tmp_path):
    path = tmp_path / "exp.yaml"
    path.write_text(f"config_version: {current_version() + 1}\nkey_of_later: 3\n")
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    assert str(caught.value) == (
        f"{path}:1: config_version: YZ366 is of version 2, newer than 1, which this yolozu reads\n"
        "  fix: upgrade yolozu; a newer contract cannot be turned back"
    )
