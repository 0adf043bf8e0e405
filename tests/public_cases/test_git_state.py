import subprocess

from yolozu.artifacts.run_meta import git_state


# enola-labs/enola#159, openkubes/ok-cluster#7, deeperc/deeperc#4: a tool's own outputs made a clean checkout "dirty".
def test_a_clean_checkout_stays_clean_though_runs_lie_in_it(tmp_path):
    for words in (["init", "-q"], ["-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "x", "--allow-empty"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    (tmp_path / "runs/a").mkdir(parents=True)
    (tmp_path / "runs/a/file").touch()
    found = git_state(tmp_path)
    assert found is not None
    assert (found.dirty, found.untracked) == (False, 0)
