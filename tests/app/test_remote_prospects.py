"""What a plan says of a remote store, where it is asked to."""

import pytest

from tests.engine.conftest import CONTRACT, opened
from yolozu.app.remote_prospects import with_remote
from yolozu.artifacts.digest import digest_file
from yolozu.cli.app import main
from yolozu.engine.store.keys import key_of_node
from yolozu.engine.store.remote import RemoteStore
from yolozu.engine.store.store import CAME_FROM
from yolozu.errors import UsageError
from yolozu.planning.receipt import Receipt


@pytest.fixture
def url(tmp_path, monkeypatch):
    """A remote store; the working directory has a contract that names it."""
    monkeypatch.chdir(tmp_path)
    made = f"file://{tmp_path}/there"
    (tmp_path / "exp.yaml").write_text(CONTRACT.replace("store: false", f"store_remote: {made}"))
    return made


def finished(node, session, root, **ran_on):
    """Play the outputs of a stage below ``root``; its receipt."""
    outputs = dict.fromkeys(node.outputs.values())
    for path in set(outputs) - node.optional_outputs:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
        outputs[path] = digest_file(root / path)
    inputs = {name: digest for name, digest in session._inputs(node).items() if digest is not None}
    return Receipt(node.name, node.stage.version, node.spec, inputs, outputs, {}, "", 1.0, {}, ran_on)


@pytest.fixture
def session(url):
    """A run whose data is prepared."""
    before = opened()
    before.write_plan()
    made = finished(before.plan["prepare_data"], before, before.layout.root)
    made.write(before.layout.receipt_path("prepare_data"))
    return opened()


@pytest.fixture
def record_name(session, url, tmp_path):
    """Name of the record of a training that is in the remote store."""
    node = session.plan["train"]
    made = finished(node, session, tmp_path / "other", **{CAME_FROM: "exp07"})
    key = key_of_node(node, made.inputs)
    RemoteStore(url).upload(key, made, tmp_path / "other", lambda: False)
    return RemoteStore(url).record_name(key)


def reasons(verdicts, name="train"):
    (verdict,) = (verdict for verdict in verdicts if verdict.node.name == name)
    return [reason.render() for reason in verdict.reasons]


def test_what_would_be_fetched_is_said_of_stages_whose_inputs_are_known(session, url, record_name):
    verdicts, warnings = with_remote(session, session.verdicts(["export_onnx"]))
    assert warnings == []
    assert reasons(verdicts) == [f"is in {url} (exp07)", "has not been built"]
    assert reasons(session.verdicts(["train"])) == ["has not been built"]
    assert "is in" not in "".join(reasons(verdicts, "export_onnx"))


def test_damage_is_a_warning(session, url, record_name, tmp_path):
    (tmp_path / "there" / record_name).write_text("{")
    verdicts, warnings = with_remote(session, session.verdicts(["train"]))
    assert [(one.code, one.where, one.severity) for one in warnings] == [("YZ745", f"{url}/{record_name}", "warning")]
    assert reasons(verdicts) == ["has not been built"]


def files(directory):
    return sorted(str(path) for path in directory.rglob("*") if ".cache" not in str(path))


def test_one_that_cannot_be_reached_is_a_warning_and_nothing_is_written(session, tmp_path, capsys):
    (tmp_path / "there").write_text("")
    before = files(tmp_path)
    assert main(["plan", "run_id=a", "config=exp.yaml", "--remote"]) == 0
    assert capsys.readouterr().err.count("YZ743 cannot be asked") == 1
    assert files(tmp_path) == before


def test_one_that_is_not_there_is_a_warning(session):
    _, (warning,) = with_remote(session, session.verdicts(["train"]))
    assert (warning.code, warning.problem) == (
        "YZ743",
        "cannot be asked: there is no such place, or nothing in it",
    )


def test_a_contract_without_one_is_told_so(url):
    with pytest.raises(UsageError, match="YZ743 there is no remote store to ask"):
        with_remote(opened("store=false"), [])
