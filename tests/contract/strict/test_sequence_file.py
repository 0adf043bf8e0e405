"""A sequence file, and everything that can be wrong with one."""

import pytest

from yolozu.contract.strict.sequence_file import read_sequence
from yolozu.errors import ContractError

GOOD = """\
config_version: 1
run_id: seq
base: base.yaml
keys: {lr: 0.1, seed: 1}
later: {lr: 0.2, self_distill_from: previous}
tasks:
- {name: a, seed: 3}
- name: b
  dataset_root: data/b
- {name: c, self_distill_from: old.pt}
"""


def read(tmp_path, text):
    (tmp_path / "seq.yaml").write_text(text)
    return read_sequence(tmp_path / "seq.yaml")


def refusal(tmp_path, text):
    with pytest.raises(ContractError) as refused:
        read(tmp_path, text)
    return str(refused.value).replace(f"{tmp_path}/", "")


def values(overrides):
    return {override.key: override.value for override in overrides}


def test_later_wins_over_keys_and_a_task_over_both(tmp_path):
    sequence = read(tmp_path, GOOD)
    assert (sequence.run_id, sequence.base) == ("seq", "base.yaml")
    assert [task.run_id for task in sequence.tasks] == ["seq-a", "seq-b", "seq-c"]
    a, b, c = sequence.tasks
    assert (values(a.shared), values(a.own)) == ({"lr": 0.1}, {"seed": 3})
    assert values(b.shared) == {"seed": 1}
    assert values(b.own) == {"lr": 0.2, "self_distill_from": "seq-a", "dataset_root": "data/b"}
    assert values(c.own) == {"lr": 0.2, "self_distill_from": "old.pt"}


def test_every_key_knows_its_line(tmp_path):
    b = read(tmp_path, GOOD).tasks[1]
    assert [override.origin.replace(f"{tmp_path}/", "") for override in b.own] == ["seq.yaml:5"] * 2 + ["seq.yaml:9"]
    assert b.where == f"{tmp_path}/seq.yaml:8"


def test_a_misspelled_key_is_an_error_with_its_line(tmp_path):
    assert refusal(tmp_path, GOOD.replace("later:", "latr:")) == (
        "seq.yaml:5: latr: YZ102 unknown key\n  fix: did you mean 'later'?"
    )


def test_what_must_be_there_is_named(tmp_path):
    said = refusal(tmp_path, "config_version: 1\ntasks: [{lr: 1}]\n")
    assert "seq.yaml:1: YZ109 has no run_id" in said
    assert "seq.yaml:2: tasks[0]: YZ109 has no name" in said


def test_names_are_given_once_and_runs_named_by_the_sequence(tmp_path):
    text = "config_version: 1\nrun_id: seq\nkeys: {run_id: x}\ntasks:\n- {name: a}\n- {name: a}\n"
    assert refusal(tmp_path, text) == (
        "seq.yaml:3: YZ559 keys.run_id: no task names its run itself\n"
        "  fix: drop it: the runs are called <run_id of the sequence>-<name of the task>\n"
        "seq.yaml:6: tasks[1].name: YZ559 a is the name of another task, on line 5\n"
        "  fix: give each its own name"
    )


@pytest.mark.parametrize("place", ["keys", "tasks"])
def test_the_first_task_has_none_before_it(tmp_path, place):
    text = GOOD.replace("seed: 1}", "self_distill_from: previous}" if place == "keys" else "seed: 1}")
    text = text.replace("seed: 3", "self_distill_from: previous" if place == "tasks" else "seed: 3")
    name, line = ("keys", 4) if place == "keys" else ("tasks[0]", 7)
    assert refusal(tmp_path, text) == (
        f"seq.yaml:{line}: YZ559 {name}.self_distill_from: the first task has none before it\n"
        "  fix: write self_distill_from: previous under later, or in a later task"
    )
