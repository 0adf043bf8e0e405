import json
import subprocess
import sys
from pathlib import Path

import pytest

from yolozu.cli.app import main
from yolozu.contract.docs.schema import contract_schema

REPOSITORY = Path(__file__).parents[3]
GOOD = "epochs: 2\nlr: 0.1\n"
DEAD = "epochs: 2\nmomentum: 0.5\n"
STRICT = (
    "config_version: 1\nrun_id: a\ndataset_root: synthetic\nseed: 0\ndevice: cpu\nddp: false\namp: none\nepochs: 2\n"
)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run_and_read(*arguments, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        code = main(["contract", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_and_read


def test_validate_says_ok_and_how_many_keys(run):
    assert run("validate", "a.yaml", "b.yaml", a=GOOD, b=STRICT) == (
        0,
        "a.yaml: ok (2 keys)\nb.yaml: ok (8 keys, strict)\n",
        "",
    )


def test_validate_says_everything_about_every_file_and_exits_2(run):
    assert run("validate", "a.yaml", "b.yaml", "none.yaml", a="lr: x\n", b=DEAD) == (
        2,
        "b.yaml: ok (2 keys)\n",
        (
            "a.yaml: YZ109 neither max_steps nor epochs says how long training lasts\n"
            "  fix: set max_steps (optimizer steps) or epochs (passes over the images)\n"
            "a.yaml:1: lr: YZ103 must be a number of at least 0, got x\n"
            "  fix: correct it, or drop lr for its default, 0.0001\n"
            "b.yaml:2: momentum: warning: YZ111 no effect here: the optimizer is adamw\n"
            "  fix: set optimizer: sgd, or drop momentum\n"
            "none.yaml: YZ101 no such file\n  fix: check the path\n"
        ),
    )


def test_validate_takes_overrides_for_all_files(run):
    assert run("validate", "a.yaml", "lr=0.2", a=GOOD) == (0, "a.yaml: ok (2 keys)\n", "")
    code, out, error = run("validate", "a.yaml", "lrr=0.2", "--strict", a=STRICT)
    assert (code, out, error) == (2, "", "lrr=0.2: YZ102 unknown key\n  fix: did you mean 'lr'?\n")
    code, out, error = run("validate", "lr=0.2")
    assert (code, out) == (2, "")
    assert error == "lr=0.2: YZ310 overrides no contract\n  fix: name a contract file too, such as exp.yaml\n"


def test_validate_strict_makes_dead_keys_errors(run):
    assert run("validate", "--strict", "a.yaml", a=STRICT + "momentum: 0.5\n") == (
        2,
        "",
        (
            "a.yaml:9: momentum: YZ111 no effect here: the optimizer is adamw\n"
            "  fix: set optimizer: sgd, or drop momentum\n"
        ),
    )


def test_validate_strict_turns_strict_mode_on(run):
    code, _, err = run("validate", "--strict", "a.yaml", a=GOOD)
    assert code == 2
    assert err.startswith(
        "a.yaml: YZ109 a run contract must spell out config_version, dataset_root, seed, device, ddp, amp"
    )


def test_validate_as_json(run):
    code, out, err = run("validate", "--json", "a.yaml", "b.yaml", a=DEAD, b="lr: x\nepochs: 1\n")
    assert (code, err) == (2, "")
    assert json.loads(out) == {
        "ok": False,
        "files": [
            {
                "path": "a.yaml",
                "ok": True,
                "keys": 2,
                "findings": [
                    {
                        "code": "YZ111",
                        "where": "a.yaml:2: momentum",
                        "problem": "no effect here: the optimizer is adamw",
                        "fix": "set optimizer: sgd, or drop momentum",
                        "severity": "warning",
                    }
                ],
            },
            {
                "path": "b.yaml",
                "ok": False,
                "keys": None,
                "findings": [
                    {
                        "code": "YZ103",
                        "where": "b.yaml:1: lr",
                        "problem": "must be a number of at least 0, got x",
                        "fix": "correct it, or drop lr for its default, 0.0001",
                        "severity": "error",
                    }
                ],
            },
        ],
    }


def test_show_prints_every_key_with_its_origin(run):
    code, out, err = run("show", "a.yaml", "weight_decay=0.5", a=GOOD)
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert ["lr", "0.1", "a.yaml:2"] in lines
    assert ["weight_decay", "0.5", "weight_decay=0.5"] in lines
    assert ["momentum", "0.9", "default"] in lines
    assert max(len(line) for line in out.splitlines()) <= 80


def test_show_as_json(run):
    code, out, _ = run("show", "a.yaml", "--json", "model.num_queries=9", a=GOOD)
    shown = json.loads(out)
    assert code == 0
    assert shown["keys"]["lr"] == {"value": 0.1, "origin": "a.yaml:2"}
    assert shown["keys"]["model.num_queries"] == {"value": 9, "origin": "model.num_queries=9"}
    assert (shown["path"], shown["strict"], shown["warnings"]) == ("a.yaml", False, [])
    assert len(shown["contract_digest"]) == 64


def test_diff_names_keys_origins_and_what_becomes_stale(run):
    code, out, err = run("diff", "a.yaml", "b.yaml", a=GOOD, b="epochs: 2\nmax_images: 5\nnum_workers: 2\n")
    assert (code, err) == (0, "")
    assert out == (
        "lr: 0.1 (a.yaml:2) -> 0.0001 (default)\n"
        "  stale: train; then export_onnx, onnx_parity, predict, validate_predictions, evaluate, scenarios, report\n"
        "max_images: null (default) -> 5 (b.yaml:2)\n"
        "  stale: predict, validate_predictions, evaluate, scenarios; then report\n"
        "num_workers: 0 (default) -> 2 (b.yaml:3)\n"
        "  stale: nothing\n"
    )


def test_diff_names_the_copies_only_where_some_are_asked_for(run):
    _, out, _ = run("diff", "a.yaml", "b.yaml", a=GOOD, b=GOOD + "metrics_csv: a.csv\n")
    assert out == "metrics_csv: null (default) -> a.csv (b.yaml:3)\n  stale: files\n"


def test_diff_of_contracts_that_mean_the_same(run):
    assert run("diff", "a.yaml", "b.yaml", a=GOOD, b="lr: 1.0e-1\nepochs: 2\n") == (
        0,
        "a.yaml and b.yaml resolve to the same contract\n",
        "",
    )


def test_diff_as_json(run):
    _, out, _ = run("diff", "--json", "a.yaml", "b.yaml", a=GOOD, b=GOOD + "eval_engine: pycocotools\n")
    (difference,) = json.loads(out)["differences"]
    assert (difference["key"], difference["stale"], difference["then"]) == ("eval_engine", ["evaluate"], ["report"])


def test_a_device_makes_nothing_stale_and_a_path_only_with_other_content(run, tmp_path):
    (tmp_path / "a.yaml").write_text("max_steps: 1\n")
    (tmp_path / "b.yaml").write_text("max_steps: 1\ndevice: cuda\ninit_from: w.pt\n")
    assert run("diff", "a.yaml", "b.yaml")[1] == (
        "device: cpu (default) -> cuda (b.yaml:2)\n"
        "  stale: nothing\n"
        "init_from: null (default) -> w.pt (b.yaml:3)\n"
        "  stale, where the content differs: train; then export_onnx, onnx_parity, predict, validate_predictions, "
        "evaluate, scenarios, report\n"
    )


def test_schema_prints_the_schema(run):
    code, out, _ = run("schema")
    assert (code, json.loads(out)) == (0, contract_schema())


def test_schema_write_writes_into_a_checkout_only(run, tmp_path):
    code, out, err = run("schema", "--write")
    assert (code, out) == (2, "")
    assert err == (
        f"--write: YZ116 writes into a checkout of yolozu, and {tmp_path} is none\n"
        "  fix: leave it out: yolozu contract schema > FILE\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_schema_write_writes_what_is_generated(run, tmp_path):
    for place in ("yolozu/contract", "contracts/v1", "docs/reference"):
        (tmp_path / place).mkdir(parents=True)
    assert run("schema", "--write")[0] == 0
    paths = ["contracts/v1/run_contract.schema.json", "docs/reference/contract.md", "docs/reference/errors.md"]
    for path in paths:
        assert (tmp_path / path).read_text() == (REPOSITORY / path).read_text()
    assert run("schema", "--write")[1] == "".join(f"{path}: unchanged\n" for path in paths)


def test_a_broken_override_exits_2(run):
    code, out, err = run("show", "a.yaml", "lr", a=GOOD)
    assert (code, out, err) == (2, "", "lr: YZ112 is no KEY=VALUE\n  fix: write it like lr=0.001\n")


@pytest.mark.slow
def test_validating_imports_nothing_heavy(tmp_path):
    (tmp_path / "a.yaml").write_text(GOOD)
    code = (
        "import sys\nfrom yolozu.cli.app import main\n"
        f"assert main(['contract', 'validate', {str(tmp_path / 'a.yaml')!r}]) == 0\n"
        "heavy = {'torch', 'numpy', 'rich', 'doit', 'scipy', 'sqlite3', 'onnx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
