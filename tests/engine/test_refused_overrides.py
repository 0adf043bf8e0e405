import json

from tests.engine.conftest import opened
from yolozu.artifacts.digest import DigestCache
from yolozu.engine.refused_overrides import forget_refused
from yolozu.planning.begun import Begun, saved_path


def refused(session):
    session.write_plan()
    return forget_refused(session), json.loads(session.layout.overrides_path.read_text())["overrides"]


def test_overrides_of_a_refused_command_are_forgotten(config):
    opened("lr=0.1").write_plan()
    assert refused(opened("lr=0.5", "batch_size=3")) == (["batch_size=3", "lr=0.5"], {"lr": 0.1})


def test_overrides_of_a_training_that_has_begun_are_kept(config):
    session = opened("lr=0.5", "max_detections=3")
    session.write_plan()
    for path in ("data/train.json", "data/val.json", "data/models.json"):
        (session.layout.root / path).parent.mkdir(exist_ok=True)
        (session.layout.root / path).write_text("{}")
    node, scratch = session.plan["train"], session.layout.scratch_dir("train")
    with DigestCache(None) as cache:
        inputs = {name: session.digest(path, cache) for name, path in node.inputs.items()}
    Begun(scratch, "d", node.spec, inputs, node.stage.version).write()
    saved_path(scratch).write_text('{"done": 3, "total": 10}')
    assert refused(session) == (["max_detections=3"], {"lr": 0.5})
