"""The first weights of a training: from the seed, or from the file that `init_from` names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.artifacts.jsonio import read_json
from yolozu.errors import InputError

if TYPE_CHECKING:
    from yolozu.artifacts.init_report import InitReport
    from yolozu.contract.sections.model import ModelConfig
    from yolozu.model.detector import Detector
    from yolozu.model.weights.class_rows import HeadInit
    from yolozu.structures.classes import ClassTable


def initialize_from_file(
    detector: Detector,
    config: ModelConfig,
    classes: ClassTable,
    *,
    init_from: str | None,
    head_init: HeadInit | None,
    planned: Path,
) -> tuple[InitReport | None, tuple[str, ...]]:
    """Fill ``detector`` with the weights of a file.

    Args:
        detector: with the weights that the seed gives; they stay where the file has none.
        config: its architecture.
        classes: what it shall find.
        init_from: the file, or the name of published weights, which are here; without one nothing is done.
        head_init: what becomes of the rows of classes.
        planned: what the planner knew of the file.

    Returns:
        The report and what to say of it; None and nothing without a file.

    Raises:
        InputError: YZ421 the file is not the planned one, YZ457 or YZ458 published weights are not here or are others,
            or the weights do not fit.
    """
    if init_from is None:
        return None, ()
    from yolozu.artifacts.init_report import InitReport
    from yolozu.artifacts.run_meta import timestamp
    from yolozu.model.weights.initialize import initialize

    path, files = _as_planned(init_from, planned)
    done = initialize(detector, config, classes.names, path, head_init)
    report = InitReport(
        timestamp=timestamp(),
        init_from=init_from,
        files=files,
        kind=done.kind,
        head_init=head_init,
        table=done.table,
        classes=done.classes,
        left_out=done.left_out,
        notes=done.notes,
    )
    return report, tuple(done.lines(init_from))


def _as_planned(init_from: str, planned: Path) -> tuple[Path, dict[str, str]]:
    """Where the weights are, and the digests of their files, which are those that the training is recorded under."""
    from yolozu.artifacts.digest import DigestCache
    from yolozu.artifacts.hub import cached_weights, require_published
    from yolozu.artifacts.published_weights import SPELLINGS
    from yolozu.artifacts.weight_files import WEIGHTS, weight_files
    from yolozu.paths import digest_cache_path

    fix = "run the same command again: it plans with the files as they are"
    known = read_json(planned, code="YZ421", fix=fix)["files"]
    published = SPELLINGS.get(init_from)
    path = Path(init_from) if published is None else cached_weights(published)
    with DigestCache(digest_cache_path(), reads_all=True) as cache:  # so that who plans again knows it
        found = {name: cache.file(file) for name, file in weight_files(path).items()}
    if known != (found if published is None else published.known_by):
        raise InputError.one("YZ421", where=init_from, problem="has changed since the run was planned", fix=fix)
    if published is not None:
        require_published(published, found[WEIGHTS], path)
    return path, found
