import hashlib
import shutil
from pathlib import Path

import pytest

from yolozu.app.packed_weights import pack_weights
from yolozu.app.sessions import session_for
from yolozu.contract.loader import load_contract
from yolozu.errors import UsageError

RELEASED = next((Path(__file__).parents[1] / "fixtures").glob("release_*"))

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A directory with a finished run; nothing of it is stale."""
    shutil.copytree(RELEASED, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def packed():
    return pack_weights(session_for(["run_id=finished"])[0], Path("weights"))


def test_a_file_with_the_weights_that_are_evaluated_and_nothing_else(project):
    from torch import equal

    from yolozu.artifacts.checkpoint import read_checkpoint

    made = packed()
    best, found = (read_checkpoint(path) for path in (project / "runs/finished/checkpoints/best.pt", made.path))
    assert made.path == Path("weights/finished.pt")
    assert (found.eval_weights, found.ema, found.training_state) == ("model", None, None)
    assert all(equal(found.weights[name], tensor) for name, tensor in best.evaluation_weights().items())
    assert (found.classes, found.preprocess, found.metrics) == (best.classes, best.preprocess, best.metrics)
    assert made.size == made.path.stat().st_size
    assert Path("weights/finished.pt.sha256").read_text() == f"{made.sha256}  finished.pt\n"
    assert hashlib.sha256(made.path.read_bytes()).hexdigest() == made.sha256


def test_the_card_says_what_it_is_and_its_block_is_a_contract_that_starts_from_it(project):
    made = packed()
    card = Path("weights/finished.md").read_text()
    assert card.startswith("# finished\n")
    assert made.sha256 in card
    block = card.split("```yaml\n")[1].split("```")[0]
    head = "config_version: 1\ndataset_root: x\nseed: 0\ndevice: cpu\nddp: false\namp: none\nmax_steps: 1\n"
    Path("weights/exp.yaml").write_text(head + block)
    loaded = load_contract(Path("weights/exp.yaml"), strict=True)
    assert loaded.contract.init.init_from == "finished.pt"
    kept = load_contract(project / "runs/finished/reports/config_resolved.yaml").contract.model.model
    assert loaded.contract.model.model == kept.model_copy(update={"pose": "auto", "num_classes": None})


def test_the_same_again_is_the_same_file_and_another_one_is_not_overwritten(project):
    first = packed()
    assert packed() == first
    first.path.write_bytes(b"mine")
    with pytest.raises(UsageError) as caught:
        packed()
    assert str(caught.value) == (
        "weights/finished.pt: YZ905 holds other weights already\n  fix: move it away, or name another --out"
    )
    assert first.path.read_bytes() == b"mine"
    assert [path.name for path in Path("weights").iterdir() if path.name.startswith(".")] == []
