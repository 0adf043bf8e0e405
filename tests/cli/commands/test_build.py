import json

import pytest

from yolozu.engine.view.view import EVENTS

pytestmark = pytest.mark.slow


def test_run_needs_no_dodo_and_finds_everything_up_to_date(finished, tmp_path):
    project = finished.copy(tmp_path / "project")
    (project.root / "dodo.py").unlink()
    done = project.yolozu("run", "eval", "run_id=done")
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[0], lines[7:9]) == (
        0, "done: exp.yaml", ["[7/9] evaluate: up to date", "done: everything is up to date"],
    )  # fmt: skip
    assert [line.split()[0] for line in lines[9:12]] == ["boxes", "poses", "model"]
    assert lines[12].startswith("warning: YZ")  # four steps find nothing, and the build says why


def test_json_is_all_that_stdout_holds(finished, tmp_path):
    project = finished.copy(tmp_path / "project")
    done = project.yolozu("run", "export", "run_id=done", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    names = ["prepare_data", "train", "export_onnx"]
    assert [event["event"] for event in events] == ["build_begins", "stage", "stage", "stage", "build_ends"]
    assert [(event["stage"], event["state"]) for event in events[1:4]] == [(name, "up to date") for name in names]
    assert (events[-1]["run_id"], events[-1]["exit_code"]) == ("done", 0)
    assert [(row["stage"], row["state"]) for row in events[-1]["stages"]] == [(name, "up to date") for name in names]
    assert done.stderr == ""


def test_json_tells_what_runs_how_far_it_is_and_what_it_measured(finished, tmp_path):
    project = finished.copy(tmp_path / "project")
    done = project.yolozu("run", "eval", "run_id=done", "score_threshold=0.5", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [EVENTS.validate_python(event) for event in events]
    running, *_ = (event for event in events if event["event"] == "stage" and event["state"] == "running")
    assert (running["stage"], running["reasons"]) == ("predict", ["score_threshold: 0.01 → 0.5 (score_threshold=0.5)"])
    (work, *_) = (event for event in events if event["event"] == "progress")
    assert (work["stage"], work["done"] <= work["total"]) == ("predict", True)
    ended = {event["stage"]: event for event in events if event["event"] == "stage" and event["state"] == "done"}
    assert "map50_95" in ended["evaluate"]["numbers"]


def test_quiet_says_one_line(finished, tmp_path):
    project = finished.copy(tmp_path / "project")
    done = project.yolozu("run", "export", "run_id=done", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done: everything is up to date\n", "")


def test_train_takes_every_key_as_a_flag_and_remembers_it(finished, tmp_path):
    project = finished.copy(tmp_path / "project")
    done = project.yolozu("train", "exp.yaml", "--run-id", "done", "--parity-images", "2", "--no-nesterov")
    assert done.returncode == 0, done.stderr
    assert "[4/9] onnx_parity: parity_images: 4 → 2 (--parity-images)" in done.stdout
    assert "evaluate" not in done.stdout
    remembered = json.loads((project.run_dir("done") / "plan/overrides.json").read_text())
    assert remembered["overrides"] == {"nesterov": False, "parity_images": 2}


@pytest.mark.parametrize("command", ["run", "plan", "why", "status", "finish", "graph"])
def test_keys_are_options_and_pairs_alike(empty_project, command):
    for words in (["lr=-1"], ["--lr", "-1"], ["--lr=-1"]):
        done = empty_project.yolozu(command, "--config", "exp.yaml", *words)
        assert (done.returncode, done.stderr.partition(":")[0]) == (2, words[0].replace("--lr=-1", "--lr")), done.stderr


def test_train_takes_pairs_too(empty_project):
    done = empty_project.yolozu("train", "exp.yaml", "lr=-1", "--seed", "-1")
    assert done.returncode == 2
    assert [line.partition(":")[0] for line in done.stderr.splitlines()[::2]] == ["lr=-1", "--seed"]


def test_resume_refuses_a_changed_key_by_name(finished, tmp_path):
    project = finished.copy(tmp_path / "project")
    done = project.yolozu("train", "exp.yaml", "--run-id", "done", "--lr", "0.5", "--resume")
    assert done.returncode == 2
    assert done.stderr == (
        "done: train: YZ308 was made for another spec: lr: 0.001 → 0.5\n"
        "  fix: set the keys back, or leave out --resume to start afresh\n"
        "done: lr=0.5 is not remembered: it was refused\n"
    )
    assert project.yolozu("plan", "run_id=done", "train", "--check").returncode == 0
    assert project.yolozu("verify", "run_id=done").returncode == 0


def test_resume_without_anything_to_resume_says_so(empty_project):
    done = empty_project.yolozu("train", "exp.yaml", "--run-id", "fresh", "--resume")
    assert (done.returncode, "there is nothing to resume" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "evla", "run_id=done"], "did you mean 'eval'?"),
        (["run", "exp.yaml", "run_id=a", "--run-id", "b"], "run_id=a says otherwise"),
        (["train", "exp.yaml", "--lr", "fast"], "--lr"),
        (["train", "exp.yaml", "--learning-rate", "1"], "no such option"),
        (["train", "exp.yaml", "eval"], "YZ115"),
        (["train", "--max-steps", "3"], "YZ114"),
        (["run", "exp.yaml", "--epoch", "3"], "did you mean '--epochs'"),
    ],
)
def test_a_wrong_word_is_one_message_and_exit_2(empty_project, words, said):
    done = empty_project.yolozu(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
