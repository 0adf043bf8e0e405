"""Steps from version to version, tried with some that exist only here."""

import json
import sys
from types import ModuleType

import pytest

from yolozu.contract.migration.migrate import migrated, unified_diff
from yolozu.contract.migration.registry import MIGRATIONS
from yolozu.contract.versions import current_version
from yolozu.errors import ContractError
from yolozu.registry import Registry

WRITTEN = """\
# My contract.
config_version: 1
lr: 0.001   # a rate

momentum: 0.9
warm: false
epochs: 3
"""


def rates(contract):
    """1 -> 2: lr is called learning_rate, momentum went."""
    if contract.has(("lr",)):
        contract.rename(("lr",), "learning_rate")
    if contract.has(("momentum",)):
        contract.remove(("momentum",))


def warmth(contract):
    """2 -> 3: warm has become a number."""
    if not contract.has(("warm",)):
        return
    if contract.get(("warm",)):
        contract.refuse(("warm",), "says not how long", "write warm_steps: N")
    else:
        contract.rename(("warm",), "warm_steps")
        contract.replace(("warm",), 0)


@pytest.fixture
def steps(monkeypatch):
    module = ModuleType("steps_of_a_test")
    module.rates, module.warmth = rates, warmth
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return Registry("migration", {"1": "steps_of_a_test:rates", "2": "steps_of_a_test:warmth"})


def findings(path, **options):
    with pytest.raises(ContractError) as caught:
        migrated(path, **options)
    return [finding.render() for finding in caught.value.findings]


def test_several_steps_at_once_keep_comments_and_order(tmp_path, steps):
    path = tmp_path / "exp.yaml"
    path.write_text(WRITTEN)
    result = migrated(path, migrations=steps, current=3)
    assert (result.since, result.now, path.read_text()) == (1, 3, WRITTEN)
    assert result.diff.replace(str(path), "exp.yaml") == (
        "--- exp.yaml\n"
        "+++ exp.yaml\n"
        "@@ -1,7 +1,6 @@\n"
        " # My contract.\n"
        "-config_version: 1\n"
        "-lr: 0.001   # a rate\n"
        "+config_version: 3\n"
        "+learning_rate: 0.001   # a rate\n"
        " \n"
        "-momentum: 0.9\n"
        "-warm: false\n"
        "+warm_steps: 0\n"
        " epochs: 3\n"
    )


def test_a_file_that_states_no_version_is_of_the_first_and_gets_one(tmp_path, steps):
    path = tmp_path / "exp.json"
    path.write_text(json.dumps({"lr": 0.1, "warm": False}, indent=2))
    after = migrated(path, migrations=steps, current=3).after
    assert after == '{\n  "config_version": 3,\n  "learning_rate": 0.1,\n  "warm_steps": 0\n}'


def test_a_step_begins_where_the_file_is(tmp_path, steps):
    path = tmp_path / "exp.yaml"
    path.write_text("config_version: 2\nlr: 1\nwarm: false\n")
    assert migrated(path, migrations=steps, current=3).after == "config_version: 3\nlr: 1\nwarm_steps: 0\n"


def test_what_needs_a_guess_is_refused_with_its_line_in_the_file(tmp_path, steps):
    path = tmp_path / "exp.yaml"
    path.write_text(WRITTEN.replace("false", "true"))
    assert findings(path, migrations=steps, current=3) == [
        f"{path}:6: warm: YZ368 says not how long\n  fix: write warm_steps: N"
    ]


def test_refusals_of_a_step_come_together_with_those_of_other_trainers(tmp_path, steps):
    path = tmp_path / "exp.yaml"
    path.write_text("config_version: 2\nwarm: true\nplots: true\n")
    assert [said.split(" ")[1] for said in findings(path, migrations=steps, current=3)] == ["warm:", "plots:"]


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("4", "YZ366 is of version 4, newer than 3, which this yolozu reads"),
        ("0", "YZ104 must be a whole number of at least 1, got 0"),
        ("true", "YZ104 must be a whole number of at least 1, got True"),
        ('"1"', "YZ104 must be a whole number of at least 1, got '1'"),
    ],
)
def test_another_version_is_refused(tmp_path, steps, version, said):
    path = tmp_path / "exp.yaml"
    path.write_text(f"config_version: {version}\n")
    assert [text.splitlines()[0] for text in findings(path, migrations=steps, current=3)] == [
        f"{path}:1: config_version: {said}"
    ]


def test_what_is_no_contract_is_told_as_ever(tmp_path):
    path = tmp_path / "exp.yaml"
    path.write_text("a: 1\na: 2\nb: !!python/x 3\n")
    assert [said.split(" ")[2] for said in findings(path)] == ["YZ108", "YZ107"]


def test_there_is_a_step_from_every_version():
    assert list(MIGRATIONS) == [str(version) for version in range(1, current_version())]


def test_the_end_of_a_file_without_newline_is_marked_as_patch_wants():
    assert unified_diff("a", "b\n", "f") == "--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n"
