import pytest

from tests.planning.toy import TOYS
from yolozu.contract.sections.run import Contract
from yolozu.engine.scratch import Scratch, keep_previous, publish
from yolozu.paths import RunLayout
from yolozu.planning.begun import Begun
from yolozu.planning.compiler import compile_plan

PLAN = compile_plan(Contract(), TOYS)


@pytest.fixture
def layout(tmp_path):
    return RunLayout(tmp_path / "exp01")


def begun(layout, name):
    scratch = Scratch.of(layout, name)
    scratch.begin(PLAN[name], Begun(scratch.directory, "d", {}, {}, version=1))
    return scratch


def test_a_begun_scratch_is_empty_and_knows_what_it_is_for(layout):
    scratch = begun(layout, "shout")
    (scratch.work_dir / "tries").write_text("1")
    scratch = begun(layout, "shout")
    assert list(scratch.work_dir.iterdir()) == []
    assert Begun.read(scratch.directory) == Begun(scratch.directory, "d", {}, {}, version=1)
    assert (scratch.out_dir / "out").is_dir()


def test_publishing_moves_files_and_replaces_directories(layout):
    scratch = begun(layout, "letters")
    old = layout.root / "data/extra"
    old.mkdir(parents=True)
    (old / "old.txt").write_text("old")
    (scratch.out_dir / "data/word.txt").write_text("hello")
    (scratch.out_dir / "data/extra").mkdir()
    (scratch.out_dir / "data/extra/new.txt").write_text("new")
    publish(PLAN["letters"], scratch, layout)
    assert (layout.root / "data/word.txt").read_text() == "hello"
    assert [path.name for path in old.iterdir()] == ["new.txt"]


def test_publishing_twice_changes_nothing(layout):
    scratch = begun(layout, "letters")
    (scratch.out_dir / "data/word.txt").write_text("hello")
    publish(PLAN["letters"], scratch, layout)
    publish(PLAN["letters"], scratch, layout)
    assert (layout.root / "data/word.txt").read_text() == "hello"


def test_only_outputs_worth_keeping_are_kept(layout):
    for path in ("out/loud.txt", "data/word.txt"):
        (layout.root / path).parent.mkdir(parents=True, exist_ok=True)
        (layout.root / path).write_text("old")
    for node in PLAN.nodes:
        keep_previous(node, layout.root, layout)
    assert (layout.root / "out/loud.prev.txt").read_text() == "old"
    assert (layout.root / "data/word.txt").exists()


def test_what_lies_beside_a_scratch_is_its_own_also_where_the_stage_s_name_has_a_dot(layout):
    whole, first, second = (Scratch.of(layout, name) for name in ("predict", "predict.shard-1", "predict.shard-2"))
    for place in ("job_path", "job_log_path", "lock_path", "torchrun_dir"):
        assert len({getattr(scratch, place) for scratch in (whole, first, second)}) == 3
    assert first.job_path.name == "predict.shard-1.job.json"
