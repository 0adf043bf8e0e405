import socket
import sys

import pytest

from yolozu.contract.sections.operations import OperationsSection
from yolozu.engine.processes import rendezvous
from yolozu.engine.processes.rendezvous import (
    Rendezvous,
    first_host,
    interface_of,
    missing_for_rendezvous,
    own_address,
    rendezvous_of,
)
from yolozu.errors import UsageError

JOB = {"SLURM_JOB_ID": "40123", "SLURM_JOB_NODELIST": "gpu[03-05,11]"}
PATIENT = {"join_timeout": 600, "read_timeout": 600}


@pytest.fixture(autouse=True)
def _address(monkeypatch):
    monkeypatch.setattr(rendezvous, "own_address", lambda endpoint: f"way to {endpoint}")


def parameters(environment=JOB, attempt=0, **keys):
    return rendezvous_of(OperationsSection(**keys), "exp01-train", environment).parameters(attempt)


def test_one_node_meets_nobody():
    found = parameters()
    run_id = found.pop("run_id")
    assert found == {
        "backend": "c10d", "endpoint": "localhost:0", "min_nodes": 1, "max_nodes": 1, "local_addr": "localhost",
    }  # fmt: skip
    assert parameters()["run_id"] != run_id


@pytest.mark.effect("nnodes", "rdzv_backend", "rdzv_endpoint", "rdzv_id")
def test_what_the_contract_says_goes_to_torchrun(monkeypatch):
    monkeypatch.setattr(rendezvous, "find_spec", lambda _: True)
    keys = {"nnodes": 3, "rdzv_backend": "etcd-v2", "rdzv_endpoint": "etcd.lab:2379", "rdzv_id": "thursday"}
    assert parameters(**keys) == {
        "backend": "etcd-v2",
        "endpoint": "etcd.lab:2379",
        "min_nodes": 3,
        "max_nodes": 3,
        "run_id": "thursday-0",
        "local_addr": "way to etcd.lab:2379",
        **PATIENT,
    }


@pytest.mark.effect("nnodes")
def test_a_slurm_job_says_what_the_contract_leaves_open():
    common = {"backend": "c10d", "min_nodes": 4, "max_nodes": 4, **PATIENT}
    here = {**common, "endpoint": "gpu03:20123", "local_addr": "way to gpu03:20123"}
    assert parameters(nnodes=4) == {**here, "run_id": "40123-0"}
    assert parameters({**JOB, "SLURM_PROCID": "0"}, nnodes=4) == {**here, "run_id": "40123-0", "is_host": True}
    requeued = {**JOB, "SLURM_PROCID": "2", "SLURM_RESTART_COUNT": "1"}
    assert parameters(requeued, attempt=2, nnodes=4) == {**here, "run_id": "40123-1-2", "is_host": False}


@pytest.mark.effect("rdzv_endpoint", "rdzv_id")
def test_what_the_contract_says_counts_more_than_the_job():
    found = rendezvous_of(OperationsSection(nnodes=2, rdzv_endpoint="m1:5", rdzv_id="x"), "a", JOB)
    assert found == Rendezvous(2, "c10d", "m1:5", "x")


@pytest.mark.effect("rdzv_endpoint")
def test_without_a_job_the_run_and_its_stage_tell_trainings_apart():
    found = rendezvous_of(OperationsSection(nnodes=2, rdzv_endpoint="m1:5"), "exp01-train", {})
    assert found == Rendezvous(2, "c10d", "m1:5", "exp01-train")


def test_nodes_that_do_not_know_where_to_meet_are_told_at_once(monkeypatch):
    monkeypatch.setattr(rendezvous, "find_spec", lambda _: None)
    keys = OperationsSection(nnodes=2, rdzv_backend="etcd-v2")
    with pytest.raises(UsageError) as caught:
        rendezvous_of(keys, "a", {})
    assert str(caught.value) == (
        "rdzv_endpoint: YZ358 2 nodes do not know where to meet, and this is no Slurm job that could tell\n"
        "  fix: set rdzv_endpoint: HOST:PORT, of a machine that all nodes reach and a port that is free there\n"
        "rdzv_backend: YZ360 rdzv_backend etcd-v2 needs the package python-etcd, which is not installed\n"
        "  fix: pip install python-etcd, or leave out rdzv_backend"
    )
    assert missing_for_rendezvous(OperationsSection(), {}) == []
    assert missing_for_rendezvous(OperationsSection(nnodes=2), JOB) == []


@pytest.mark.parametrize(
    ("node_list", "first"),
    [
        ("n1", "n1"),
        ("n1,m2", "n1"),
        ("n[1-2]", "n1"),
        ("n[007-012,20],m1", "n007"),
        ("rack[2,4]n[01-04]x,m", "rack2n01x"),
        ("gpu-a.lab,gpu-b.lab", "gpu-a.lab"),
    ],
)
def test_the_first_host_of_slurm_s_short_form(node_list, first):
    assert first_host(node_list) == first


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [("127.0.0.1:5", "127.0.0.1"), ("localhost:5", "127.0.0.1"), ("[::ffff:127.0.0.1]:5", None)],
)
def test_the_own_address_is_that_of_the_network_that_leads_there(endpoint, address):
    found = own_address(endpoint)
    assert found == address if address is not None else "127.0.0.1" in found


def test_a_host_that_knows_itself_by_a_loopback_address_goes_by_its_name(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_DGRAM, 0, "", ("127.0.1.1", 5))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert own_address("gpu1:5") == "gpu1"


def test_a_host_that_nobody_knows_is_told(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(UsageError) as caught:
        own_address("gpu1:5")
    assert str(caught.value) == (
        "rdzv_endpoint: gpu1:5: YZ359 the nodes cannot meet there: Name or service not known\n"
        "  fix: name a host that all nodes know and reach, and a port that is free there and open to them; one of the "
        "nodes has to be that host"
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")
def test_the_interface_of_an_address():
    assert interface_of("127.0.0.1") == "lo"
    assert interface_of("192.0.2.1") is None
