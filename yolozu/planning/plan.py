"""Which stages run on which paths: a pure value, derived from the stages' own declarations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from yolozu.artifacts.digest import digest_of
from yolozu.stages.base import Stage, links

REQUEST_VERSION = 1


@dataclass(frozen=True)
class Node:
    """A stage that knows its spec and its paths (all relative to the run directory).

    Attributes:
        stage: the declaration.
        spec: its slice of the contract, as JSON.
        inputs: field -> path of what it reads; other content makes it stale.
        gates: field -> path of the report of a gate that must have passed.
        outputs: field -> path of what it writes; without those that its spec does not ask for.
        upstream: names of the stages that make its inputs and gates.
        records: field -> path of what it tells of; whatever that says makes nothing stale.
    """

    stage: Stage
    spec: dict[str, Any]
    inputs: dict[str, str]
    gates: dict[str, str]
    outputs: dict[str, str]
    upstream: tuple[str, ...]
    records: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the stage."""
        return self.stage.name

    @property
    def optional_outputs(self) -> frozenset[str]:
        """Paths that the stage may leave out."""
        declared = links(self.stage.outputs)
        return frozenset(path for name, path in self.outputs.items() if declared[name].optional)

    @property
    def optional_inputs(self) -> frozenset[str]:
        """Fields of inputs that may be missing."""
        return frozenset(name for name, link in links(self.stage.inputs).items() if link.optional)

    def asked_for(self, name: str) -> bool:
        """Whether the output's path was chosen in the contract."""
        return links(self.stage.outputs)[name].kind == "gives_at"

    def request(self) -> dict[str, Any]:
        """Everything the stage's result depends on but the content of its inputs, as JSON."""
        return {
            "schema_version": REQUEST_VERSION,
            "stage": self.name,
            "version": self.stage.version,
            "spec": self.spec,
            "inputs": self.inputs,
            "gates": self.gates,
            "outputs": self.outputs,
            **({"records": self.records} if self.records else {}),
        }


@dataclass(frozen=True)
class Plan:
    """All nodes, producers before consumers."""

    nodes: tuple[Node, ...]

    def __contains__(self, name: object) -> bool:
        return any(node.name == name for node in self.nodes)

    def __getitem__(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    def needed_for(self, names: list[str]) -> tuple[Node, ...]:
        """The nodes that ``names`` are made of, producers first; all of them when ``names`` is empty."""
        if not names:
            return self.nodes
        wanted: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            if name not in wanted:
                wanted.add(name)
                pending.extend(self[name].upstream)
        return tuple(node for node in self.nodes if node.name in wanted)


def state_digest(request: dict[str, Any], input_digests: dict[str, str]) -> str:
    """Digest of what a half-made result belongs to: spec, stage version and the content of the inputs."""
    return digest_of({"version": request["version"], "spec": request["spec"], "inputs": input_digests})
