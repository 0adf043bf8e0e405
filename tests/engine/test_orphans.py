import json

import pytest

from tests.planning.toy import TOYS
from yolozu.contract.sections.files import FilesSection
from yolozu.contract.sections.run import Contract
from yolozu.engine.orphans import check_places, orphan_lines, orphan_texts, orphans
from yolozu.errors import UsageError
from yolozu.paths import RunLayout
from yolozu.planning.compiler import compile_plan, registered_stages
from yolozu.planning.receipt import Receipt


@pytest.fixture
def layout(tmp_path):
    return RunLayout(tmp_path / "exp01")


def plan_of(**files):
    return compile_plan(Contract(files=FilesSection(**files)), registered_stages())


def built(layout, *paths):
    """As after a build that gave ``paths``."""
    digests = dict.fromkeys(paths, "d")
    Receipt("files", 1, {}, {}, digests, {}, "T", 0.0, {}).write(layout.receipt_path("files"))
    for path in paths:
        (layout.root / path).parent.mkdir(parents=True, exist_ok=True)
        (layout.root / path).write_text("x")


def planned(layout, plan):
    """Leftovers, and what the planner writes of them."""
    found = orphans(layout, plan)
    for path, text in orphan_texts(layout, found).items():
        (layout.root / path).parent.mkdir(parents=True, exist_ok=True)
        (layout.root / path).write_text(text)
    return found


def test_a_new_run_has_none(layout):
    assert planned(layout, plan_of()) == []
    assert not layout.root.exists()


def test_what_is_no_longer_asked_for_is_told_until_it_is_gone_or_asked_for_again(layout):
    built(layout, "a.csv")
    assert planned(layout, plan_of(metrics_csv="a.csv")) == []
    assert planned(layout, plan_of(metrics_csv="b.csv")) == ["a.csv"]
    built(layout, "b.csv")  # the receipt no longer knows of a.csv
    assert planned(layout, plan_of(metrics_csv="b.csv")) == ["a.csv"]
    assert planned(layout, plan_of()) == ["a.csv", "b.csv"]
    assert planned(layout, plan_of(metrics_csv="a.csv")) == ["b.csv"]
    (layout.root / "b.csv").unlink()
    assert planned(layout, plan_of(metrics_csv="a.csv")) == []
    assert json.loads(layout.leftovers_path.read_text()) == {"schema_version": 1, "paths": []}


@pytest.mark.parametrize("text", ["", "[", "\x00"])
def test_a_damaged_list_is_told_of_and_written_anew(layout, caplog, text):
    built(layout, "a.csv")
    planned(layout, plan_of())
    layout.leftovers_path.write_text(text)
    assert planned(layout, plan_of()) == ["a.csv"]
    assert "leftovers.json: YZ301 cannot be read" in caplog.text
    assert json.loads(layout.leftovers_path.read_text())["paths"] == ["a.csv"]


def test_a_damaged_receipt_names_nothing(layout):
    built(layout, "a.csv")
    layout.receipt_path("files").write_text("{")
    assert orphans(layout, plan_of()) == []


def test_it_is_told_in_a_line():
    assert orphan_lines(["a.csv"]) == ["  a.csv: no longer asked for; nothing reads or renews it"]


def test_stages_without_chosen_paths_leave_nothing(layout):
    plan = compile_plan(Contract(), TOYS)
    for node in plan.nodes:
        outputs = dict.fromkeys(node.outputs.values(), "d")
        Receipt(node.name, 1, {}, {}, outputs, {}, "T", 0.0, {}).write(layout.receipt_path(node.name))
        (layout.root / "receipts/count.failed.json").write_text("{}")
    assert orphans(layout, plan) == []


def test_a_place_that_is_taken_is_refused(layout):
    (layout.root / "a").mkdir(parents=True)
    with pytest.raises(UsageError) as caught:
        check_places(layout, plan_of(metrics_csv="a"))
    assert str(caught.value) == (
        f"exp01: files: a: YZ321 {layout.root}/a is a directory\n"
        "  fix: move it away, or let the contract name another path"
    )
    (layout.root / "b").write_text("x")
    with pytest.raises(UsageError, match=r"files: b/c: YZ321 .*/b is no directory"):
        check_places(layout, plan_of(metrics_csv="b/c"))
    check_places(layout, plan_of(metrics_csv="a/c", checkpoint_out="b"))
