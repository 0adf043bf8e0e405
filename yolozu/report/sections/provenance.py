"""With what, on what and from which sources the model was made."""

from __future__ import annotations

from collections.abc import Iterator

from yolozu.artifacts.run_meta import RunMeta
from yolozu.report.markup import Child, Markup, element, joined
from yolozu.report.material import Material
from yolozu.report.page import details, table

NAMED = ("torch", "numpy", "onnx", "onnxruntime", "hotcoco")
"""Packages that decide results; the others are in the list."""


def provenance(material: Material) -> Markup | None:
    """The record of the training, and digests of the files; None where nothing was trained here."""
    meta = material.run_meta
    if meta is None:
        return None
    facts = (*_facts(meta), *_digests(material, meta))
    rows: list[list[Child]] = [[name, element("code", value)] for name, value in facts]
    packages: list[list[Child]] = [[name, version] for name, version in meta.dependency_lock.packages.items()]
    listed = table(["package", "version"], packages, name="Packages", texts=2)
    return joined(
        table(["what", "which"], rows, name="Provenance", texts=2),
        details(f"All {len(packages)} installed packages", listed),
    )


def _facts(meta: RunMeta) -> Iterator[tuple[str, str]]:
    yield "command", " ".join(meta.command.argv)
    if meta.git is not None:
        changed = ", with changes" if meta.git.dirty else ""
        new = f", {meta.git.untracked} new files" if meta.git.untracked else ""
        yield "git", f"{meta.git.sha}{changed}{new}"
    yield "trained", f"{meta.timestamps.started[:19]} to {meta.timestamps.finished[:19]} UTC"
    hardware, runtime = meta.hardware, meta.runtime
    yield "machine", ", ".join([hardware.processor or hardware.machine, *_cores(hardware.cpu_count), *hardware.gpus])
    yield "system", runtime.platform
    threads = f"{runtime.processes} process, {runtime.torch_threads} threads"
    yield "device", f"{runtime.device}, {threads}{', deterministic' if runtime.deterministic_algorithms else ''}"
    yield "Python", meta.dependency_lock.python_version
    packages = meta.dependency_lock.packages
    yield "packages", ", ".join(f"{name} {packages[name]}" for name in NAMED if name in packages)


def _cores(count: int | None) -> list[str]:
    return [] if count is None else [f"{count} cores"]


def _digests(material: Material, meta: RunMeta) -> Iterator[tuple[str, str]]:
    yield "contract, SHA-256", meta.contract_digest
    yield "data set, SHA-256", meta.dataset_digest
    if material.parity is not None:
        yield "checkpoint, SHA-256", material.parity.checkpoint_sha256
        yield "ONNX file, SHA-256", material.parity.onnx_sha256
