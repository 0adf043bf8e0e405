"""Every contract that the repository shows can be used as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from yolozu.app.sweep.planned_runs import planned_runs
from yolozu.app.task_sequence import planned_tasks
from yolozu.contract.loader import load_contract
from yolozu.contract.strict.scenario_file import load_setting
from yolozu.planning.compiler import compile_plan, registered_stages

REPOSITORY = Path(__file__).parents[1]
SETTINGS = [REPOSITORY / "configs/examples/test_setting.yaml"]
SEQUENCES = [REPOSITORY / "configs/examples/tasks.yaml"]
SWEEPS = [REPOSITORY / "configs/examples/sweep.yaml"]
CONFIGS = sorted({*(REPOSITORY / "configs").rglob("*.yaml")} - {*SETTINGS, *SEQUENCES, *SWEEPS})
PAGES = sorted([REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")])


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_config_loads_strictly_plans_and_has_no_dead_key(path):
    loaded = load_contract(path, strict=True)
    assert [warning.render() for warning in loaded.warnings] == []
    assert len(compile_plan(loaded.contract, registered_stages()).nodes) == 9


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_config_tells_editors_its_schema(path):
    first = path.read_text().splitlines()[0]
    schema = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.resolve().parent / schema).resolve() == REPOSITORY / "contracts/v1/run_contract.schema.json"


@pytest.mark.parametrize("path", SETTINGS, ids=lambda path: path.name)
def test_every_setting_of_a_scenario_suite_loads_and_tells_editors_its_schema(path):
    assert load_setting(path).setting.scenarios
    schema = path.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / schema).resolve() == REPOSITORY / "contracts/v1/scenario_setting.schema.json"


@pytest.mark.parametrize("path", SEQUENCES, ids=lambda path: path.name)
def test_every_sequence_of_tasks_can_be_planned_and_has_no_dead_key(path):
    _, tasks = planned_tasks(path)
    assert [(task.name, task.warnings) for task in tasks] == [("first", ()), ("second", ())]
    names = next(override.value for override in tasks[1].overrides if override.key == "class_names")
    assert names == ["box", "pyramid", "column", "roof", "steps"]
    schema = path.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / schema).resolve() == REPOSITORY / "contracts/v1/task_sequence.schema.json"


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.name)
def test_every_sweep_can_be_planned_and_has_no_dead_key(path, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    _, runs = planned_runs(path)
    assert [(run.run_id, run.warnings) for run in runs] == [
        (f"rates-lr{lr}-seed{seed}", ()) for lr in ("0.0003", "0.001", "0.003") for seed in (0, 1)
    ]
    schema = path.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / schema).resolve() == REPOSITORY / "contracts/v1/sweep.schema.json"


def test_the_readme_s_contract_loads(tmp_path):
    block = re.search(r"```yaml\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.DOTALL)
    assert block is not None
    (tmp_path / "exp.yaml").write_text(block.group(1))
    loaded = load_contract(tmp_path / "exp.yaml", strict=True)
    assert loaded.warnings == ()
    assert len(block.group(1).splitlines()) <= 22


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(path):
    targets = re.findall(r"\]\((?!http)([^)#]+)", path.read_text())
    assert [target for target in targets if not (path.parent / target).exists()] == []
