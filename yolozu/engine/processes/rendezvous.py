"""Where the processes of several nodes meet, and over which network they talk."""

from __future__ import annotations

import ipaddress
import re
import socket
import struct
import sys
import uuid
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from yolozu.errors import Finding, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yolozu.contract.sections.operations import OperationsSection

MEET_WITHIN_S = 600
"""How long a node waits for the others, and for an answer at the endpoint."""

LOOPBACK = "localhost"

SIOCGIFADDR = 0x8915
"""Linux: ask a socket for the address of an interface (netdevice(7))."""


@dataclass(frozen=True)
class Rendezvous:
    """Where torchrun finds the other nodes of a training.

    Attributes:
        num_nodes: how many there are.
        backend: torchrun's word for what the nodes meet in.
        endpoint: ``host:port`` of it.
        run_id: tells this training from others at the same place; the same on all nodes.
        is_host: whether this node keeps the place; None lets torch tell from the host of ``endpoint``.
    """

    num_nodes: int = 1
    backend: str = "c10d"
    endpoint: str = f"{LOOPBACK}:0"
    run_id: str = ""
    is_host: bool | None = None

    def parameters(self, attempt: int) -> dict[str, Any]:
        """Arguments of torch's ``RendezvousParameters`` for a try, counted from 0.

        Raises:
            UsageError: YZ359, nobody knows the host of the endpoint.
        """
        common = {"backend": self.backend, "endpoint": self.endpoint}
        nodes = {"min_nodes": self.num_nodes, "max_nodes": self.num_nodes}
        if self.num_nodes == 1:
            return {**common, **nodes, "run_id": uuid.uuid4().hex, "local_addr": LOOPBACK}
        patience = {"join_timeout": MEET_WITHIN_S, "read_timeout": MEET_WITHIN_S}
        hosting = {} if self.is_host is None else {"is_host": self.is_host}
        run_id = f"{self.run_id}-{attempt}"
        return {**common, **nodes, "run_id": run_id, "local_addr": own_address(self.endpoint), **patience, **hosting}


def rendezvous_of(section: OperationsSection, name: str, environment: Mapping[str, str]) -> Rendezvous:
    """Where the nodes of a stage meet: what the contract says, and, in a Slurm job, what it leaves open.

    Args:
        section: the contract's.
        name: tells the stage from others where neither the contract nor a job does; the same on all nodes.
        environment: of this process.

    Raises:
        UsageError: YZ358 or YZ360, the nodes could not meet.
    """
    if section.nnodes == 1:
        return Rendezvous()
    missing = missing_for_rendezvous(section, environment)
    if missing:
        raise UsageError(missing)
    job = of_slurm_job(section.nnodes, environment)
    run_id = section.rdzv_id or (job.run_id if job is not None else name)
    if section.rdzv_endpoint is not None:
        return Rendezvous(section.nnodes, section.rdzv_backend, section.rdzv_endpoint, run_id)
    assert job is not None
    return Rendezvous(section.nnodes, section.rdzv_backend, job.endpoint, run_id, job.is_host)


def missing_for_rendezvous(section: OperationsSection, environment: Mapping[str, str]) -> list[Finding]:
    """What several nodes lack to meet: YZ358 for an endpoint, YZ360 for a package."""
    findings = []
    if section.nnodes > 1 and section.rdzv_endpoint is None and of_slurm_job(section.nnodes, environment) is None:
        problem = f"{section.nnodes} nodes do not know where to meet, and this is no Slurm job that could tell"
        fix = "set rdzv_endpoint: HOST:PORT, of a machine that all nodes reach and a port that is free there"
        findings.append(Finding("YZ358", "rdzv_endpoint", problem, fix))
    if section.nnodes > 1 and section.rdzv_backend == "etcd-v2" and find_spec("etcd") is None:
        problem = "rdzv_backend etcd-v2 needs the package python-etcd, which is not installed"
        fix = "pip install python-etcd, or leave out rdzv_backend"
        findings.append(Finding("YZ360", "rdzv_backend", problem, fix))
    return findings


def of_slurm_job(num_nodes: int, environment: Mapping[str, str]) -> Rendezvous | None:
    """Where the nodes of a Slurm job meet: on its first one. None outside of a job.

    The port goes by the job's number, so that jobs which share a node do not share a port by default.
    """
    if not {"SLURM_JOB_ID", "SLURM_JOB_NODELIST"} <= set(environment):
        return None
    job = environment["SLURM_JOB_ID"]
    endpoint = f"{first_host(environment['SLURM_JOB_NODELIST'])}:{20_000 + int(job) % 10_000}"
    restarts = environment.get("SLURM_RESTART_COUNT", "0")
    run_id = job if restarts == "0" else f"{job}-{restarts}"
    task = environment.get("SLURM_PROCID")
    return Rendezvous(num_nodes, endpoint=endpoint, run_id=run_id, is_host=None if task is None else task == "0")


def first_host(node_list: str) -> str:
    """The first host of Slurm's short form of a list: ``n[01-04,7],m1`` begins with ``n01``."""
    first = re.match(r"(?:\[[^]]*]|[^,\[])*", node_list)
    assert first is not None
    return re.sub(r"\[([^],-]*)[^]]*]", r"\1", first[0])


def own_address(endpoint: str) -> str:
    """The address by which other nodes reach this one: that of the network that leads to ``endpoint``.

    The endpoint's own host may know itself by a loopback address alone (``127.0.1.1`` in Debian's /etc/hosts); then it
    goes by the name that the others reach it by, too.

    Raises:
        UsageError: YZ359, nobody knows the host, or no network leads there.
    """
    host, _, port = endpoint.rpartition(":")
    host = host.strip("[]")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as towards:
            towards.connect(address)  # sends nothing
            own = str(towards.getsockname()[0])
    except OSError as error:
        raise unreachable(endpoint, error.strerror or str(error)) from error
    return host if ipaddress.ip_address(own).is_loopback and not _is_loopback(host) else own


def unreachable(endpoint: str, why: str) -> UsageError:
    """The error of a node that does not get to where all meet: YZ359."""
    return UsageError(
        [
            Finding(
                "YZ359",
                f"rdzv_endpoint: {endpoint}",
                f"the nodes cannot meet there: {why}",
                "name a host that all nodes know and reach, and a port that is free there and open to them; one of the "
                "nodes has to be that host",
            )
        ]
    )


def interface_of(address: str) -> str | None:
    """The network interface with an IPv4 address, None where this system does not tell (it is not Linux)."""
    if not sys.platform.startswith("linux"):
        return None
    import fcntl

    for _, name in socket.if_nameindex():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            try:
                found = fcntl.ioctl(asked.fileno(), SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
            except OSError:  # it has no such address
                continue
        if socket.inet_ntoa(found[20:24]) == address:
            return name
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == LOOPBACK
