"""What tasks of a sequence file are, before anything is built."""

import json
from pathlib import Path

import pytest

from tests.data.builders import write_yolo
from yolozu.app.task_sequence import open_task, plan_sequence, planned_tasks, sequence_report
from yolozu.errors import ContractError, UsageError
from yolozu.planning.receipt import Receipt

SEQUENCE = """\
config_version: 1
run_id: seq
keys: {max_steps: 3, image_size: 160, model: {num_queries: 10}}
tasks:
- {name: a, dataset_root: pets}
- {name: b, dataset_root: farm}
- {name: c, dataset_root: synthetic, labeled_classes: [roof, box]}
"""


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, classes in (("pets", "cat\ndog\n"), ("farm", "cow\ndog\n")):
        write_yolo(tmp_path / name, {"train/0": "0 .5 .5 .1 .1", "val/0": "1 .5 .5 .1 .1"}, classes)


def planned(text=SEQUENCE):
    Path("seq.yaml").write_text(text)
    sequence, tasks = planned_tasks(Path("seq.yaml"))
    return sequence, tasks


def given(task):
    return {override.key: override.value for override in task.overrides}


def test_a_later_task_goes_on_from_the_one_before_with_all_classes_so_far():
    _, (a, b, c) = planned()
    assert given(a) == {"max_steps": 3, "image_size": 160, "model": {"num_queries": 10}, "dataset_root": "pets"}
    assert given(b) == {
        **given(a),
        "dataset_root": "farm",
        "init_from": "runs/seq-a/checkpoints/best.pt",
        "head_init": "extend",
        "continual_from": "seq-a",
        "class_names": ["cat", "dog", "cow"],
    }
    assert given(c)["class_names"] == ["cat", "dog", "cow", "roof", "box"]
    assert (given(c)["continual_from"], given(c)["init_from"]) == ("seq-b", "runs/seq-b/checkpoints/best.pt")


def test_what_a_task_says_itself_wins_and_the_first_task_may_start_from_other_weights():
    text = SEQUENCE.replace("keys: {", "keys: {init_from: first.pt, ").replace(
        "dataset_root: farm", "dataset_root: farm, head_init: remap, class_names: [cow]"
    )
    _, (a, b, c) = planned(text)
    assert (given(a)["init_from"], given(b)["init_from"]) == ("first.pt", "runs/seq-a/checkpoints/best.pt")
    assert (given(b)["head_init"], given(b)["class_names"]) == ("remap", ["cow"])
    assert given(c)["class_names"] == ["cow", "roof", "box"]


def test_labeled_classes_are_those_of_the_first_task_too():
    _, (a, *_) = planned(SEQUENCE.replace("dataset_root: pets", "dataset_root: pets, labeled_classes: [dog]"))
    assert given(a)["class_names"] == ["dog"]


def test_all_findings_of_all_tasks_come_at_once_and_each_once():
    text = SEQUENCE.replace("max_steps: 3", "max_steps: 3, weight_deacy: 0").replace("farm", "farn")
    text = text.replace("{name: a,", "{name: a, lr: -1,")
    with pytest.raises(ContractError) as refused:
        planned(text)
    assert [(finding.code, finding.where) for finding in refused.value.findings] == [
        ("YZ102", "seq.yaml:3: weight_deacy"),
        ("YZ104", "seq.yaml:5: lr"),
    ]
    with pytest.raises(ContractError) as refused:
        planned(SEQUENCE.replace("farm", "farn"))
    assert [finding.where for finding in refused.value.findings] == ["farn"]


def test_a_key_that_no_task_has_is_missed_in_the_file():
    with pytest.raises(ContractError) as refused:
        planned(SEQUENCE.replace("max_steps: 3, ", ""))
    assert [(finding.code, finding.where) for finding in refused.value.findings] == [("YZ109", "seq.yaml")]


def test_tasks_wait_for_a_stale_one():
    sequence, tasks = planned()
    plans = plan_sequence(sequence, tasks, ["yolozu"])
    assert [(plan.task.name, plan.after, bool(plan.stages)) for plan in plans] == [
        ("a", None, True), ("b", "a", False), ("c", "a", False),
    ]  # fmt: skip
    assert plans[0].stages["train"] == ["has not been built"]
    assert not Path("runs/seq-a/plan").exists()


def test_the_file_alone_says_what_a_run_is():
    """What the run was given by an earlier form of the file, or by hand, does not linger."""
    sequence, (a, *_) = planned()
    session = open_task(sequence, a, ["yolozu"])
    assert session.headline == "seq-a: task a of seq.yaml"
    session.write_plan()
    overrides = Path("runs/seq-a/plan/overrides.json")
    stored = json.loads(overrides.read_text())
    overrides.write_text(json.dumps({**stored, "overrides": {**stored["overrides"], "lr": 0.5}}))
    again = open_task(sequence, a, ["yolozu"])
    assert again.loaded.contract.optim.lr == 1e-4


def test_runs_do_not_lose_their_contract_file():
    Path("base.yaml").write_text("max_steps: 3\n")
    sequence, (a, *_) = planned(SEQUENCE.replace("keys:", "base: base.yaml\nkeys:"))
    open_task(sequence, a, ["yolozu"]).write_plan()
    with pytest.raises(UsageError, match=r"seq-a was built from base\.yaml"):
        planned()


def test_one_task_has_nothing_to_report():
    _, tasks = planned(SEQUENCE.partition("- {name: b")[0])
    assert sequence_report(tasks) is None
    assert Receipt.readable(Path("runs/seq-a/receipts/evaluate.json")) is None
