import json
from pathlib import Path

import pytest

from yolozu.artifacts.difference import FileDifference
from yolozu.cli.commands.verify_resume import as_json_values, told
from yolozu.engine.verify_resume.proof import Kill, Proof
from yolozu.engine.verify_resume.short_contract import Changed

EQUAL = Proof(
    steps=40,
    changed=(Changed("max_steps", 2000, 40),),
    kills=(Kill(step=7, saved=5, epoch=1, inside_epoch=True), Kill(step=21, saved=20, epoch=3, inside_epoch=False)),
    file=None,
    difference=None,
    others=(),
    undisturbed_s=1.25,
    killed_s=2.5,
)
DIFFERENT = Proof(
    **{
        **vars(EQUAL),
        "kills": EQUAL.kills[:1],
        "file": "checkpoints/last.pt",
        "difference": FileDifference("weights/a[0]", "0.5", "0.25", "1 of 2 numbers, by at most 0.25"),
        "others": ("checkpoints/best.pt",),
        "directory": Path("runs/.verify-resume/proof-x"),
    }
)


def test_equality_in_words():
    assert told(EQUAL) == ["bit-equal: 2 kills, at steps 7, 21"]


def test_a_difference_in_words():
    assert told(DIFFERENT) == [
        "not equal: 1 kill, at step 7",
        "first difference: checkpoints/last.pt",
        "  weights/a[0]",
        "  undisturbed  0.5",
        "  killed       0.25",
        "  1 of 2 numbers, by at most 0.25",
        "also different: checkpoints/best.pt",
        "both trainings are in runs/.verify-resume/proof-x",
    ]


def test_json():
    values = json.loads(json.dumps(as_json_values(DIFFERENT, kill_seed=3)))
    assert values["equal"] is False
    assert values["changed"] == {"max_steps": {"old": 2000, "new": 40}}
    assert values["kills"] == [{"step": 7, "saved": 5, "epoch": 1, "inside_epoch": True}]
    assert values["difference"]["place"] == "weights/a[0]"
    assert (values["file"], values["kill_seed"], values["directory"]) == (
        "checkpoints/last.pt", 3, "runs/.verify-resume/proof-x",
    )  # fmt: skip


@pytest.mark.slow
def test_a_killed_training_is_proved_equal_and_nothing_is_left(empty_project, tmp_path):
    project = empty_project.copy(tmp_path / "project")
    runs_before = {path.name for path in (project.root / "runs").glob("*")}
    done = project.yolozu("verify-resume", "exp.yaml", "--kills", "2", "--steps", "12", "log_every=5", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    values = json.loads(done.stdout)
    assert (values["equal"], values["steps"], len(values["kills"])) == (True, 12, 2)
    assert values["changed"].keys() == {"log_every", "save_last_every", "max_steps", "lr_warmup_steps"}
    assert all(0 < kill["step"] <= 12 for kill in values["kills"])
    assert done.stderr.splitlines()[:5] == [
        "for this proof:", "  log_every: 5 → 1", "  save_last_every: 3 → 2", "  max_steps: 24 → 12",
        "  lr_warmup_steps: 4 → 2",
    ]  # fmt: skip
    assert {path.name for path in (project.root / "runs").iterdir()} == runs_before | {".cache"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["exp.yaml", "--kills", "0"], "kills"),
        (["exp.yaml", "--steps", "1"], "steps"),
        (["exp.yaml", "lrr=1"], "did you mean 'lr'?"),
        (["nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_wrong_input_exits_2(empty_project, words, said):
    done = empty_project.yolozu("verify-resume", *words)
    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (2, True, False)
