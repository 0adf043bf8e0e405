"""Opens adapters: our own, and those that installed packages offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.contract.adapters import ENTRY_POINTS, offered_adapters
from yolozu.errors import Finding, UsageError
from yolozu.model.onnx_runtime import silence
from yolozu.predict.adapters.registry import ADAPTERS
from yolozu.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from yolozu.predict.adapters.base import Adapter, AdapterRequest

OPTIONS = (
    "checkpoint",
    "onnx",
    "predictions",
    "device",
    "batch_size",
    "intrinsics",
    "transform",
    "views",
    "inference_precision",
)
"""What only some adapters read."""

FILES = ("checkpoint", "onnx", "predictions")
"""Those of them that an adapter cannot do without once it reads them."""

ASKED_BY = {"transform": "corruption", "views": "tta_mode: model", "inference_precision": "inference_precision"}
"""Those of them that a contract asks for -> its key; whether an adapter reads them shows when it is opened."""

_UNASKED = {"transform": None, "views": None, "inference_precision": "fp32"}
_OF_A_RUN = ", or --run-id ID of a run that has one"
_OR_ELSE = {"checkpoint": _OF_A_RUN, "onnx": _OF_A_RUN, "predictions": ", or predictions: FILE in the contract"}

MEND = "mend or uninstall the package that offers it"
"""The way out where a package's adapter cannot be used."""

MEMBERS = ("uses", "open", "predict", "supports_ttt", "get_model", "build_loader", "describe")
"""What the protocol asks of an adapter."""


def available_adapters() -> Registry:
    """Our own adapters and those of installed packages; none of them is imported.

    Raises:
        UsageError: YZ616 a package names one that exists already; a finding for each.
    """
    table = {name: ADAPTERS.location(name) for name in ADAPTERS}
    findings = []
    for offered in offered_adapters():
        if offered.name in table:
            findings.append(
                Finding(
                    "YZ616",
                    f"entry point {ENTRY_POINTS}: {offered.name}",
                    f"{offered.package} offers {offered.location} under a name that {table[offered.name]} has",
                    f"uninstall {offered.package}, or ask its authors for another name",
                )
            )
        table.setdefault(offered.name, offered.location)
    if findings:
        raise UsageError(findings)
    return Registry("adapter", table)


def check_options(name: str, given: Collection[str], *, or_else: Mapping[str, str] = _OR_ELSE) -> None:
    """Hold what was asked for against what the adapter called ``name`` reads.

    Args:
        name: which adapter.
        given: those of `OPTIONS` that were asked for.
        or_else: file that is not given -> where it may come from other than from its flag, as it ends a sentence.

    Raises:
        UsageError: YZ901 no such adapter, YZ612 a file it reads is not given, or an option is given that it does not
            read; YZ616, YZ618.
    """
    uses = _class_of(name).uses
    findings = _missing_files(name, uses, given, or_else)
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
        UsageError: YZ901 no such adapter, YZ612 a file it reads is not given, or it is to show the network other
            pictures, or to compute in another precision, and cannot; YZ616, YZ618 what a package offers cannot be used.
        InputError: a file cannot be used.
    """
    kind = _class_of(name)
    given = [option for option in FILES if getattr(request, option) is not None]
    findings = _missing_files(name, kind.uses, given, _OR_ELSE)
    findings += [
        Finding("YZ612", key, f"adapter {name!r} reads no {option!r}", f"drop {key}, or choose {_readers(option)}")
        for option, key in ASKED_BY.items()
        if option not in kind.uses and getattr(request, option) != _UNASKED[option]
    ]
    if findings:
        raise UsageError(findings)
    return kind.open(request)


def adapter_uses(name: str) -> Collection[str]:
    """The options that the adapter called ``name`` reads.

    Raises:
        UsageError: YZ901 no such adapter; YZ616, YZ618 what a package offers cannot be used.
    """
    return _class_of(name).uses


def _class_of(name: str) -> type[Adapter]:
    table = available_adapters()
    if name in ADAPTERS or name not in table:
        ours: type[Adapter] = table.load(name)
        return ours
    where = f"adapter {name!r} ({table.location(name)})"
    silence()  # it may bring an ONNX Runtime of its own
    try:
        theirs: type[Adapter] = table.load(name)
    except (ImportError, AttributeError) as error:
        raise UsageError.one("YZ618", where=where, problem=f"cannot be imported: {error}", fix=MEND) from error
    lacking = [member for member in MEMBERS if not hasattr(theirs, member)]
    if lacking:
        raise UsageError.one("YZ618", where=where, problem=f"is no adapter: it lacks {', '.join(lacking)}", fix=MEND)
    return theirs


def _missing_files(
    name: str, uses: Collection[str], given: Collection[str], or_else: Mapping[str, str]
) -> list[Finding]:
    return [
        Finding("YZ612", f"--{option}", f"adapter {name!r} needs it", f"give --{option} FILE{or_else[option]}")
        for option in FILES
        if option in uses and option not in given
    ]


def _flag(option: str) -> str:
    return option.replace("_", "-")


def _who_reads(option: str) -> str:
    """The two ways out: without the option, or another adapter."""
    return f"leave it out, or choose --adapter {_readers(option)}"


def _readers(option: str) -> str:
    *first, last = (name for name in ADAPTERS if option in _class_of(name).uses)
    return f"{', '.join(first)} or {last}" if first else last
