"""Stage declarations + contract -> plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yolozu.planning.plan import Node, Plan
from yolozu.stages.base import links
from yolozu.stages.registry import STAGES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from yolozu.contract.sections.run import Contract
    from yolozu.stages.base import Stage


def registered_stages() -> tuple[Stage, ...]:
    """All stages of the registry, in its order."""
    return tuple(STAGES.load(name) for name in STAGES)


def compile_plan(contract: Contract, stages: Sequence[Stage]) -> Plan:
    """The graph that ``stages`` form under ``contract``; one that is not wanted or gives nothing under it is left out.

    Raises:
        AssertionError: the declarations do not fit together (two producers of one path, an input nobody gives, a
            cycle): a mistake in the code, never in the contract.
    """
    slices = {stage.name: stage.spec.slice_of(contract) for stage in stages}
    stages = [stage for stage in stages if slices[stage.name].wanted()]
    specs = {stage.name: slices[stage.name].model_dump(mode="json") for stage in stages}
    outputs = _given_paths(stages, specs)
    _one_producer_per_path(outputs)
    nodes = [
        _node(stage, specs[stage.name], outputs, absent=slices[stage.name].absent_inputs())
        for stage in stages
        if outputs[stage.name]
    ]
    return Plan(tuple(_ordered(nodes)))


def _given_paths(stages: Sequence[Stage], specs: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Stage -> output -> path, of the outputs that there are under the specs."""
    declared = {stage.name: links(stage.outputs) for stage in stages}
    fixed = {link.target for given in declared.values() for link in given.values() if link.kind == "gives"}
    paths: dict[str, dict[str, str]] = {}
    for stage, given in declared.items():
        paths[stage] = {name: link.target for name, link in given.items() if link.kind == "gives"}
        for name, link in given.items():
            section, _, key = link.target.partition(".")
            if link.kind == "gives_at" and specs[stage][section][key] not in (None, *fixed):
                paths[stage][name] = specs[stage][section][key]
    return paths


def _node(stage: Stage, spec: dict[str, Any], outputs: dict[str, dict[str, str]], *, absent: Collection[str]) -> Node:
    inputs: dict[str, str] = {}
    gates: dict[str, str] = {}
    records: dict[str, str] = {}
    upstream: list[str] = []
    for name, link in links(stage.inputs).items():
        if name in absent:
            continue
        if link.kind == "reads":
            inputs[name] = link.target
            continue
        if link.kind == "records":
            records[name] = link.target
            continue
        producer, _, output = link.target.partition(".")
        if link.optional and producer not in outputs:
            continue
        assert output in outputs.get(producer, {}), f"{stage.name}.{name}: nobody gives {link.target}"
        (gates if link.kind == "after" else inputs)[name] = outputs[producer][output]
        if producer not in upstream:
            upstream.append(producer)
    return Node(stage, spec, inputs, gates, outputs[stage.name], tuple(upstream), records)


def _one_producer_per_path(outputs: dict[str, dict[str, str]]) -> None:
    producers: dict[str, str] = {}
    for stage, paths in outputs.items():
        for path in paths.values():
            assert path not in producers, f"{path} is given by both {producers[path]} and {stage}"
            producers[path] = stage


def _ordered(nodes: Iterable[Node]) -> list[Node]:
    waiting = list(nodes)
    ordered: list[Node] = []
    while waiting:
        done = {node.name for node in ordered}
        ready = [node for node in waiting if set(node.upstream) <= done]
        assert ready, f"the stages wait for each other: {', '.join(node.name for node in waiting)}"
        ordered.extend(ready)
        waiting = [node for node in waiting if node not in ready]
    return ordered
