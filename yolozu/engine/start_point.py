"""What a worker starts from: interrupted work, work that was set aside, a finished result it extends, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from yolozu.artifacts.digest import DigestCache
from yolozu.contract.spec_history import comparable
from yolozu.errors import UsageError, YolozuError
from yolozu.paths import digest_cache_path
from yolozu.planning.begun import Begun, set_aside
from yolozu.planning.plan import state_digest
from yolozu.planning.receipt import Receipt
from yolozu.stages.base import links

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from yolozu.engine.scratch import Scratch
    from yolozu.paths import RunLayout
    from yolozu.planning.plan import Node


@dataclass(frozen=True)
class Start:
    """What a stage starts from.

    Attributes:
        begun: what is begun in scratch, anew or again.
        published: finished outputs that it may carry on from, by name.
        aside: where earlier work was moved for it; None where there was none to move.
    """

    begun: Begun
    published: dict[str, Path]
    aside: Path | None = None

    @property
    def for_this_alone(self) -> bool:
        """Whether all work was done for this very spec: no other one, and no finished result, has a share in it."""
        return not self.published and set(self.begun.earlier) <= {self.begun.digest}

    def undo(self, node: Node, scratch: Scratch) -> None:
        """Put back what was moved aside for a stage that was refused before it had saved anything."""
        now = Begun.read(scratch.directory)
        if self.aside is not None and (now is None or not now.has_saved(node)):
            scratch.take_back(self.aside)


def ready_scratch(
    node: Node,
    scratch: Scratch,
    layout: RunLayout,
    input_digests: dict[str, str],
    *,
    insist_on_resume: bool,
    say: Callable[[str], None],
) -> Start:
    """Bring scratch into the state in which the stage should find it. Nothing that could be gone on from is deleted.

    Args:
        node: the stage.
        scratch: its scratch.
        layout: the run.
        input_digests: of what the stage reads.
        insist_on_resume: refuse rather than start afresh.
        say: told of work that is set aside or taken back.

    Raises:
        UsageError: YZ308, resuming is insisted on, and there is nothing to go on from; nothing was touched.
    """
    found = Begun.read(scratch.directory)
    published = extendable(node, layout, input_digests)
    resumable = node.stage.resumable or scratch.publish_path.is_file()
    if found is not None and resumable and found.obstacle(node, input_digests) is None:
        begun = found.going_on(node, input_digests)
        begun.write()
        return Start(begun, published)  # an extension that was killed before its first save begins again
    kept = _set_aside_for(node, scratch, input_digests)
    if insist_on_resume and not published and kept is None:
        raise _nothing_to_resume(node, layout, found, input_digests)
    place = scratch.set_aside(node) if node.stage.resumable else None
    if place is not None:
        say(f"{node.name}: what was interrupted is set aside in {place}")
    if kept is not None:
        scratch.take_back(kept.directory)
        say(f"{node.name}: going back to what was set aside in {kept.directory}, {kept.position}")
        begun = replace(kept, directory=scratch.directory).going_on(node, input_digests)
        begun.write()
        return Start(begun, published)
    begun = Begun(
        directory=scratch.directory,
        digest=state_digest(node.request(), input_digests),
        spec=node.spec,
        inputs=input_digests,
        version=node.stage.version,
    )
    scratch.begin(node, begun)
    return Start(begun, published, place)


def extendable(node: Node, layout: RunLayout, input_digests: dict[str, str]) -> dict[str, Path]:
    """Outputs of a finished result that ``node`` may carry on, by name; none where it has to be made afresh."""
    receipt = Receipt.read(layout.receipt_path(node.name))
    if receipt is None or not node.stage.resumable:
        return {}
    if receipt.version != node.stage.version or receipt.inputs != input_digests:
        return {}
    old, new = (comparable(node.stage.spec, spec) for spec in (receipt.spec, node.spec))
    if old == new or node.stage.spec.obstacle(old, new, finished=True) is not None:
        return {}
    carried = {name: node.outputs[name] for name, link in links(node.stage.outputs).items() if link.carry}
    with DigestCache(digest_cache_path(), reads_all=True) as cache:
        intact = all(
            (layout.root / path).exists() and cache.path(layout.root / path) == receipt.outputs.get(path)
            for path in carried.values()
        )
    return {name: layout.root / path for name, path in carried.items()} if intact else {}


def _set_aside_for(node: Node, scratch: Scratch, input_digests: dict[str, str]) -> Begun | None:
    if not node.stage.resumable:
        return None
    kept = [Begun.read(directory) for directory in set_aside(scratch.directory)]
    return next((work for work in kept if work is not None and work.obstacle(node, input_digests) is None), None)


def _nothing_to_resume(
    node: Node, layout: RunLayout, found: Begun | None, input_digests: dict[str, str]
) -> YolozuError:
    receipt = Receipt.read(layout.receipt_path(node.name))
    if found is None and receipt is not None:
        found = Begun(layout.root, "", receipt.spec, receipt.inputs, receipt.version)  # finished, and judged alike
    if found is None:
        problem = "there is nothing to resume"
    else:
        differences = found.differences(node, input_digests)
        problem = "was made for another spec: " + "; ".join(change.render() for change in differences)
        hint = found.obstacle(node, input_digests)
        problem += f", but {hint}" if hint else ""
    return UsageError.one(
        "YZ308",
        where=f"{layout.run_id}: {node.name}",
        problem=problem,
        fix="set the keys back, or leave out --resume to start afresh",
    )
