"""Interrupted and finished trainings that other tools have thrown away, or taken for others."""

import json
import shutil
from pathlib import Path

import pytest

from tests.engine.conftest import opened as open_words
from yolozu.engine.refused_overrides import forget_refused

RUNS = Path(__file__).parents[1] / "fixtures/release_0_1_0"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A run that is finished and one that was interrupted, each with its contract and data."""
    place = shutil.copytree(RUNS, tmp_path / "project")
    monkeypatch.chdir(place)
    return place


def opened(run_id, *words, config=None, **options):
    return open_words(*words, config=config, run_id=run_id, **options)


def reasons(session, stage="train"):
    return [reason.render(session.origin) for reason in session.own_reasons(session.plan[stage])]


def contents(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


GOES_ON = ["interrupted at a step that was not noted; goes on from there"]


def test_another_length_goes_on(project):
    # ultralytics/ultralytics#7528, ultralytics/yolov5#2334, MIC-DKFZ/nnUNet#283, ob-f/OpenBot#43
    for limit in ("max_steps=300", "max_steps=2"):
        assert reasons(opened("interrupted", limit)) == GOES_ON


def test_another_device_goes_on_and_leaves_what_is_finished(project):
    # pwollstadt/IDTxl#71, keithito/tacotron#91, awslabs/dgl-lifesci#131, IntelLabs/distiller#187
    assert reasons(opened("interrupted", "device=cuda:1")) == GOES_ON
    session = opened("finished", "device=cuda")
    assert [verdict.node.name for verdict in session.verdicts(["scenarios"]) if verdict.stale] == []


def test_a_data_set_that_was_moved_is_the_same(project):
    # huggingface/datasets#2496, stanford-crfm/mistral#162, ray-project/ray#28082
    (project / "parts").rename(project / "elsewhere")
    for root in ("elsewhere", str(project / "elsewhere")):
        session = opened("interrupted", f"dataset_root={root}")
        assert (reasons(session, "prepare_data"), reasons(session)) == ([], GOES_ON)


def test_a_changed_key_says_what_is_at_stake_before_anything_is_touched(project):
    # ray-project/ray#28082, open-thoughts/OpenThoughts-Agent#75, NVIDIA-NeMo/RL#3692
    before = contents(project / "runs/interrupted")
    assert reasons(opened("interrupted", "lr=0.5")) == [
        "has not been built",
        "what was interrupted at a step that was not noted is set aside (with its keys it comes back): "
        "lr: 0.002 → 0.5 (lr=0.5)",
    ]
    assert contents(project / "runs/interrupted") == before


def test_a_refused_command_is_as_if_never_typed(project):
    # ultralytics/ultralytics#8991, GestaltCogTeam/BasicTS#312
    session = opened("finished", "seed=9", "batch_size=3")
    session.write_plan()
    assert forget_refused(session) == ["batch_size=3", "seed=9"]
    assert [verdict.node.name for verdict in opened("finished").verdicts(["scenarios"]) if verdict.stale] == []


def test_a_contract_of_the_same_name_elsewhere_is_another(project, tmp_path, monkeypatch):
    # comet-ml/opik#7358
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "exp.yaml").write_text((project / "exp.yaml").read_text().replace("seed: 0", "seed: 99"))
    monkeypatch.chdir(elsewhere)
    session = opened(None, run_dir="../project/runs/interrupted")
    assert session.loaded.contract.seed.seed == 0
    assert (reasons(session, "prepare_data"), reasons(session)) == ([], GOES_ON)


def test_an_edited_file_that_a_remembered_override_hides_is_told(project):
    # MhLiao/DB#101, lufficc/SSD#170
    contract = project / "scenes.yaml"
    contract.write_text(contract.read_text().replace("lr: 0.002", "lr: 0.0005"))
    line = contract.read_text().splitlines().index("lr: 0.0005") + 1
    assert opened("finished").headline.splitlines()[1] == (
        f"  scenes.yaml:{line} says lr: 0.0005, but what is remembered wins; forget=lr follows the file"
    )


def test_a_run_of_today_remembers_where_its_contract_lies(project):
    # comet-ml/opik#7358
    opened("interrupted").write_plan()
    stored = json.loads((project / "runs/interrupted/plan/overrides.json").read_text())
    assert (stored["directory"], stored["directory_from_run"]) == (str(project), "../..")
