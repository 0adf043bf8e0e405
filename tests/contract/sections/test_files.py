from pathlib import Path

import pytest

from yolozu.contract.sections.files import THERE_ANYWAY, FilesSection
from yolozu.contract.sections.run import Contract
from yolozu.contract.strict.slots import keys
from yolozu.engine.open_session import open_session
from yolozu.engine.orphans import orphan_texts
from yolozu.paths import OWN_DIRECTORIES, OWN_FILES, RunLayout
from yolozu.planning.compiler import compile_plan, registered_stages

LENGTH = "epochs: 1\n"
KEYS = list(FilesSection.model_fields)


def is_own(path):
    return path in OWN_FILES or any(Path(path).is_relative_to(own) for own in OWN_DIRECTORIES)


def test_nothing_is_copied_unless_asked_for(load):
    assert load(LENGTH).contract.files == FilesSection()
    assert all(keys()[key].default is None for key in KEYS)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("path", ["a", "reports/copy.v2", "models/deep/x y.pt", "Reports2/ä.csv"])
def test_paths_below_the_run_directory(load, key, path):
    assert getattr(load(LENGTH, f"{key}={path}").contract.files, key) == path


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("path", ["/tmp/x", "../x", "reports/../../x", "..", "~/x"])
def test_a_path_that_leads_out_of_the_run_is_refused(refusal, key, path):
    assert refusal(f"{LENGTH}{key}: {path}\n") == (
        f"exp.yaml:2: {key}: YZ104 {path} is not below the run directory\n"
        "  fix: write a path relative to it, such as reports/copy; nothing of a run lies outside its directory"
    )


@pytest.mark.parametrize(
    ("path", "fix"),
    [("./a", "write a"), ("a//b", "write a/b"), ("a/", "write a"), (".", "name a file, such as reports/copy")],
)
def test_a_path_of_several_spellings_is_refused(refusal, path, fix):
    text = refusal(f"{LENGTH}metrics_csv: {path}\n")
    assert text == f"exp.yaml:2: metrics_csv: YZ104 {path} is no plain path of a file\n  fix: {fix}"


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("checkpoints/last.pt", "checkpoints/last.pt"),
        ("Checkpoints/BEST.pt", "checkpoints/best.pt"),
        ("checkpoints", "checkpoints/best.pt"),
        ("reports/run_meta.json", "reports/run_meta.json"),
        ("reports/run_meta.json/x", "reports/run_meta.json"),
        ("plan/x.json", "plan"),
        ("receipts/files.json", "receipts"),
        ("scratch/x", "scratch"),
        ("data/rendered/x", "data"),
        ("reports/train_metrics.jsonl", "reports/train_metrics.jsonl"),
    ],
)
def test_a_path_of_the_run_s_own_is_refused(refusal, path, own):
    assert refusal(f"{LENGTH}metrics_csv: {path}\n") == (
        f"exp.yaml:2: metrics_csv: YZ104 {path} is in the way of the run's own {own}\n"
        "  fix: choose a name that the run does not use, such as reports/copy"
    )


@pytest.mark.parametrize(("key", "path"), THERE_ANYWAY.items())
def test_asking_for_what_is_there_anyway_is_no_mistake(load, key, path):
    assert getattr(load(LENGTH, f"{key}={path}").contract.files, key) == path


@pytest.mark.parametrize("path", ["out/a", "OUT/A", "out", "out/a/b"])
def test_one_place_for_two_files_is_refused(refusal, path):
    assert refusal(f"{LENGTH}checkpoint_out: out/a\nmetrics_csv: {path}\n") == (
        f"exp.yaml:3: metrics_csv: YZ105 {path} and out/a cannot both be files (checkpoint_out: exp.yaml:2)\n"
        "  fix: give each its own path"
    )


def test_all_mistakes_are_told_together(refusal):
    text = refusal(f"{LENGTH}checkpoint_out: /a\nmetrics_jsonl: ../b\nmetrics_csv: plan\n")
    assert [line.split(" ")[0] for line in text.splitlines()[::2]] == ["exp.yaml:2:", "exp.yaml:3:", "exp.yaml:4:"]


def test_every_path_that_the_planner_writes_is_the_run_s_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = compile_plan(Contract(), registered_stages())
    given = [path for node in plan.nodes for path in node.outputs.values()]
    Path("exp.yaml").write_text(
        "config_version: 1\ndataset_root: synthetic\nseed: 0\ndevice: cpu\nddp: false\namp: none\nepochs: 1\n"
    )
    session = open_session(config="exp.yaml", run_id="a", given=[], default_config=None, argv=[])
    planned = [*session.texts, *orphan_texts(RunLayout.of("a"), ["x"])]
    assert [path for path in planned if not is_own(path)] == []
    kept = [path.replace(".pt", ".prev.pt") for path in given if path.endswith("best.pt")]
    assert [path for path in kept if not is_own(path)] == []
