"""The record of a run: true to the machine, closed in form, null where there is nothing to say."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import torch

from yolozu.artifacts import run_meta
from yolozu.artifacts.run_meta import RunMeta
from yolozu.errors import InputError


def sample(directory):
    return RunMeta(
        git=run_meta.git_state(directory),
        dependency_lock=run_meta.dependency_lock(directory),
        preprocess={"height": 64},
        hardware=run_meta.hardware(),
        runtime=run_meta.runtime("cpu", deterministic=True, processes=2),
        command=run_meta.Command(argv=["doit", "run_id=exp01"], cwd=str(directory)),
        contract_digest="a" * 64,
        dataset_digest="b" * 64,
        timestamps=run_meta.Timestamps(started=run_meta.timestamp(), finished=run_meta.timestamp()),
    )


def git(directory, *words):
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(directory), *identity, *words], check=True, capture_output=True)


def test_a_written_record_comes_back(tmp_path):
    meta = sample(tmp_path)
    run_meta.write_run_meta(tmp_path / "run_meta.json", meta)
    assert run_meta.read_run_meta(tmp_path / "run_meta.json") == meta


def test_a_record_of_before_weights_were_quantized_is_read(tmp_path):
    earlier = json.loads(sample(tmp_path).model_dump_json())
    del earlier["quantization"]
    (tmp_path / "run_meta.json").write_text(json.dumps(earlier))
    assert run_meta.read_run_meta(tmp_path / "run_meta.json").quantization is None


def test_what_became_of_quantized_weights_comes_back(tmp_path):
    done = run_meta.QuantizedWeights(
        requested="int4wo", applied="int4wo_intx", layers=["a", "b"], bytes_before=8, bytes_after=1
    )
    meta = sample(tmp_path).model_copy(update={"quantization": done})
    run_meta.write_run_meta(tmp_path / "run_meta.json", meta)
    assert run_meta.read_run_meta(tmp_path / "run_meta.json") == meta


def test_what_trained_comes_back_and_is_null_in_earlier_records(tmp_path):
    part = run_meta.TrainedPart(adapted_layers=2, parameters=10, of=100, share=0.1, optimizer_bytes=80)
    meta = sample(tmp_path).model_copy(update={"trainable": part})
    run_meta.write_run_meta(tmp_path / "run_meta.json", meta)
    written = json.loads((tmp_path / "run_meta.json").read_text())
    assert run_meta.read_run_meta(tmp_path / "run_meta.json").trainable == part
    del written["trainable"]
    (tmp_path / "run_meta.json").write_text(json.dumps(written))
    assert run_meta.read_run_meta(tmp_path / "run_meta.json").trainable is None


def test_outside_a_repository_git_is_null(tmp_path):
    assert sample(tmp_path).git is None
    assert json.loads(sample(tmp_path).model_dump_json())["git"] is None


def test_a_repository_without_a_commit_has_no_state(tmp_path):
    git(tmp_path, "init")
    assert run_meta.git_state(tmp_path) is None


def test_git_state_names_the_commit_and_sees_changes(tmp_path):
    git(tmp_path, "init")
    git(tmp_path, "commit", "--allow-empty", "-m", "x")
    clean = run_meta.git_state(tmp_path)
    assert re.fullmatch(r"[0-9a-f]{40}", clean.sha)
    assert not clean.dirty
    (tmp_path / "new.txt").write_text("x")
    assert run_meta.git_state(tmp_path) == run_meta.Git(sha=clean.sha, dirty=False, untracked=1)
    git(tmp_path, "add", "new.txt")
    assert run_meta.git_state(tmp_path) == run_meta.Git(sha=clean.sha, dirty=True, untracked=0)


def test_a_run_s_own_files_make_nothing_dirty_tracked_or_not(tmp_path):
    git(tmp_path, "init")
    work = tmp_path / "part of a [repository]"
    for name in ("runs/a/report", "else[where]/b/report", "code.py"):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text("x")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "x")
    for name in ("runs/a/report", "runs/a/other", "else[where]/b/report", "else[where]/b/other"):
        (work / name).write_text("y")

    def state(run_dir):
        found = run_meta.git_state(work, Path(run_dir))
        return found.dirty, found.untracked

    assert state("else[where]/b") == state(work / "else[where]/b") == (False, 0)
    assert state("runs/a") == state("../../outside/c") == (True, 1)
    (tmp_path / "beside.py").write_text("x")
    assert state("else[where]/b") == (False, 1)


def test_a_record_without_the_untracked_is_read(tmp_path):
    assert run_meta.Git.model_validate({"sha": "a", "dirty": True}).untracked is None


def test_without_git_there_is_no_state(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run_meta.git_state(tmp_path) is None


def test_packages_and_the_files_that_pin_them(tmp_path):
    (tmp_path / "constraints.txt").write_text("torch==2\n")
    (tmp_path / "requirements-dev.txt").write_text("-e .\n")
    (tmp_path / "notes.txt").write_text("no requirements\n")
    lock = run_meta.dependency_lock(tmp_path)
    assert lock.packages["torch"] == torch.__version__.split("+")[0] or lock.packages["torch"] == torch.__version__
    assert list(lock.packages) == sorted(lock.packages)
    assert list(lock.requirements_files_sha256) == ["constraints.txt", "requirements-dev.txt"]
    assert lock.package_set_sha256 == run_meta.dependency_lock(tmp_path).package_set_sha256


def test_threads_are_recorded(tmp_path):
    assert sample(tmp_path).runtime.torch_threads == torch.get_num_threads()
    assert sample(tmp_path).runtime.processes == 2


def test_a_field_too_many_or_of_the_wrong_type_is_named(tmp_path):
    path = tmp_path / "run_meta.json"
    value = json.loads(sample(tmp_path).model_dump_json())
    value["extra"] = 1
    value["runtime"]["torch_threads"] = "2"
    path.write_text(json.dumps(value))
    with pytest.raises(InputError) as caught:
        run_meta.read_run_meta(path)
    assert [finding.where for finding in caught.value.findings] == [f"{path}: runtime.torch_threads", f"{path}: extra"]
    assert {finding.code for finding in caught.value.findings} == {"YZ460"}


def test_a_missing_record_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="YZ460"):
        run_meta.read_run_meta(tmp_path / "run_meta.json")
