"""The files that the planner writes: requests, fingerprint, what is known of external files, the resolved contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.jsonio import pretty
from yolozu.contract.loader import LoadedContract, contract_digest
from yolozu.contract.show import to_yaml
from yolozu.data.moved import Moved
from yolozu.engine.earlier_tasks import earlier_tasks
from yolozu.engine.external_inputs import (
    background_pictures,
    earlier_runs,
    initial_weights,
    predicting_files,
    scenario_setting_values,
)
from yolozu.paths import RunLayout
from yolozu.planning.plan import Plan


def planned_texts(
    layout: RunLayout,
    loaded: LoadedContract,
    plan: Plan,
    argv: Sequence[str],
    *,
    data: dict[str, Any],
    moved: Moved | None,
    digests: DigestCache,
) -> dict[str, str]:
    """What the planner writes of a contract, besides what the run remembers of its command lines.

    Args:
        layout: where the run lives.
        loaded: the contract.
        plan: what it asks for.
        argv: the command line, for the record.
        data: fingerprint of the data set.
        moved: where the data set lies now, if not where the run first read it.
        digests: known digests, which are opened and closed.

    Returns:
        Path relative to the run directory -> text.
    """

    def relative(path: Path) -> str:
        return path.relative_to(layout.root).as_posix()

    with digests as cache:
        given, weights = predicting_files(loaded, cache), initial_weights(loaded, cache)
        backgrounds, earlier = background_pictures(loaded, cache), earlier_runs(loaded, cache)
        tasks = earlier_tasks(loaded, layout.root, cache)
    provenance = {
        "contract_digest": contract_digest(loaded.contract),
        "dataset_digest": data["digest"],
        "argv": list(argv),
        "cwd": str(Path.cwd()),
    }
    operations = {"operations": loaded.contract.operations.model_dump(mode="json"), "provenance": provenance}
    if moved is not None:
        operations["moved"] = asdict(moved)
    texts = {relative(layout.request_path(node.name)): pretty(node.request()) for node in plan.nodes}
    texts[relative(layout.fingerprint_path)] = pretty(data)
    texts[relative(layout.given_path)] = pretty(given)
    texts[relative(layout.init_path)] = pretty(weights)
    texts[relative(layout.backgrounds_path)] = pretty(backgrounds)
    if earlier is not None:
        texts[relative(layout.earlier_path)] = pretty(earlier)
    if tasks is not None:
        texts[relative(layout.earlier_tasks_path)] = pretty(tasks)
    setting = scenario_setting_values(loaded)
    if setting is not None:
        texts[relative(layout.scenario_setting_path)] = pretty(setting)
    texts[relative(layout.operations_path)] = pretty(operations)
    texts["reports/config_resolved.yaml"] = to_yaml(loaded)
    return texts
