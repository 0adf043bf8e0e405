"""The adapters: our own, and those that installed packages offer."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from yolozu.errors import Finding, UsageError
from yolozu.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Collection

    from yolozu.predict.adapters.base import Adapter, AdapterRequest

ENTRY_POINTS = "yolozu.adapters"
"""Entry point group in which other packages name their adapters, as ``name = "module:Class"``."""

OPTIONS = ("checkpoint", "onnx", "predictions", "device", "batch_size", "intrinsics", "transform", "views")
"""What only some adapters read."""

FILES = ("checkpoint", "onnx", "predictions")
"""Those of them that an adapter cannot do without once it reads them."""

MEMBERS = ("uses", "open", "predict", "supports_ttt", "get_model", "build_loader", "describe")
"""What the protocol asks of an adapter."""

ADAPTERS = Registry(
    "adapter",
    {
        "rtdetr_pose": "yolozu.predict.adapters.rtdetr_pose:RtdetrPoseAdapter",
        "onnxruntime": "yolozu.predict.adapters.onnxruntime:OnnxRuntimeAdapter",
        "precomputed": "yolozu.predict.adapters.precomputed:PrecomputedAdapter",
        "dummy": "yolozu.predict.adapters.dummy:DummyAdapter",
    },
)


def available_adapters() -> Registry:
    """Our own adapters and those of installed packages; none of them is imported.

    Raises:
        UsageError: YZ616 a package names one that exists already; a finding for each.
    """
    table = {name: ADAPTERS.location(name) for name in ADAPTERS}
    findings = []
    for entry in entry_points(group=ENTRY_POINTS):
        if entry.name in table:
            package = entry.dist.name if entry.dist is not None else "an installed package"
            findings.append(
                Finding(
                    "YZ616",
                    f"entry point {ENTRY_POINTS}: {entry.name}",
                    f"{package} offers {entry.value} under a name that {table[entry.name]} has",
                    f"uninstall {package}, or ask its authors for another name",
                )
            )
        table.setdefault(entry.name, entry.value)
    if findings:
        raise UsageError(findings)
    return Registry("adapter", table)


def check_options(name: str, given: Collection[str]) -> None:
    """Hold what was asked for against what the adapter called ``name`` reads.

    Args:
        name: which adapter.
        given: those of `OPTIONS` that were asked for.

    Raises:
        UsageError: YZ901 no such adapter, YZ612 a file it reads is not given, or an option is given that it does not
            read; YZ616, YZ618.
    """
    uses = _class_of(name).uses
    findings = _missing_files(name, uses, given)
    findings += [
        Finding("YZ612", f"--{_flag(option)}", f"adapter {name!r} does not read it", _who_reads(option))
        for option in OPTIONS
        if option in given and option not in uses
    ]
    if findings:
        raise UsageError(findings)


def open_adapter(name: str, request: AdapterRequest) -> Adapter:
    """The adapter called ``name``, ready to predict.

    Raises:
        UsageError: YZ901 no such adapter, YZ612 a file it reads is not given; YZ616, YZ618 what a package offers cannot
            be used.
        InputError: a file cannot be used.
    """
    kind = _class_of(name)
    findings = _missing_files(name, kind.uses, [option for option in FILES if getattr(request, option) is not None])
    if findings:
        raise UsageError(findings)
    return kind.open(request)


def _class_of(name: str) -> type[Adapter]:
    table = available_adapters()
    if name in ADAPTERS or name not in table:
        ours: type[Adapter] = table.load(name)
        return ours
    where = f"adapter {name!r} ({table.location(name)})"
    fix = "mend or uninstall the package that offers it"
    try:
        theirs: type[Adapter] = table.load(name)
    except (ImportError, AttributeError) as error:
        raise UsageError.one("YZ618", where=where, problem=f"cannot be imported: {error}", fix=fix) from error
    lacking = [member for member in MEMBERS if not hasattr(theirs, member)]
    if lacking:
        raise UsageError.one("YZ618", where=where, problem=f"is no adapter: it lacks {', '.join(lacking)}", fix=fix)
    return theirs


def _missing_files(name: str, uses: Collection[str], given: Collection[str]) -> list[Finding]:
    return [
        Finding("YZ612", f"--{_flag(option)}", f"adapter {name!r} needs it", f"give --{_flag(option)} FILE")
        for option in FILES
        if option in uses and option not in given
    ]


def _flag(option: str) -> str:
    return option.replace("_", "-")


def _who_reads(option: str) -> str:
    """The two ways out: without the option, or another adapter."""
    readers = [name for name in ADAPTERS if option in _class_of(name).uses]
    return f"leave it out, or choose --adapter {' or '.join(readers)}"
