"""Every key of the contract as a command-line option, generated from the sections."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import typer
from pydantic import BaseModel

from yolozu.contract.base import Section
from yolozu.contract.docs.docstrings import docstrings_of, summary_of
from yolozu.contract.overrides import ALIASES, Override, given_twice, parse_value
from yolozu.contract.sections.model import ModelConfig
from yolozu.contract.strict.slots import Slot, sections, slot_at, slots_of
from yolozu.contract.text.node import Origin
from yolozu.contract.text.scalars import write_flow
from yolozu.errors import ContractError, Finding

Result = TypeVar("Result")

OVERRIDES = "overrides"
"""Parameter of the decorated function that receives what was given."""

COMMON = (
    "dataset_root", "split", "val_split", "epochs", "max_steps", "batch_size", "image_size", "lr", "optimizer",
    "scheduler", "init_from", "device", "amp", "num_workers", "seed",
)  # fmt: skip
"""Keys that are given most often; they are listed first."""

_COMMON_KEYS = "Common keys of the contract"
_OLDER_SPELLINGS = "Other spellings"
_WIDEST_METAVAR = 60
"""Longer lists of choices leave help no room beside them."""
_METAVARS = {int: "INTEGER", float: "NUMBER", str: "TEXT"}


def contract_flags(function: Callable[..., Result]) -> Callable[..., Result]:
    """Give a typer command every contract key as an option, the common ones first; older spellings too."""
    return _with_options(function, [*_options(sections().values(), common=True), *_older_spellings()])


def unlisted_contract_flags(function: Callable[..., Result]) -> Callable[..., Result]:
    """The same for a command whose help would drown in them: they are taken, and the help of a training lists them.

    They are made only for a command line that has such an option: making them all takes as long as planning a run.
    """
    command = _with_options(function, [])
    own = {flag for entry in inspect.signature(command).parameters.values() for flag in _flags_of(entry)}

    def with_keys() -> Callable[..., Result]:
        every = [_unlisted(option) for option in (*_options(sections().values()), *_older_spellings())]
        return _with_options(function, every)

    command.for_words = lambda words: with_keys() if _flags_among(words) - own else command  # type: ignore[attr-defined]
    return command


def _flags_among(words: Iterable[str]) -> set[str]:
    return {word.partition("=")[0] for word in words if word.startswith("--")} - {"--help", "--"}


def _flags_of(parameter: inspect.Parameter) -> list[str]:
    """The names of an option; in an annotation typer keeps the first of them where a default would be."""
    option = get_args(parameter.annotation)[1]
    named = [word for word in (option.default, *(option.param_decls or ())) if isinstance(word, str)]
    return named or [f"--{_dashed(parameter.name)}"]


def _unlisted(option: inspect.Parameter) -> inspect.Parameter:
    get_args(option.annotation)[1].hidden = True
    return option


def section_flags(*wanted: type[Section]) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Give a typer command the keys of some sections as options."""
    return lambda function: _with_options(function, _options(wanted))


def _with_options(function: Callable[..., Result], wanted: Iterable[inspect.Parameter]) -> Callable[..., Result]:
    """A typer command with options of the contract.

    The command declares a keyword parameter ``overrides: list[Override]``; in its place come ``--lr``, ``--use-ema`` /
    ``--no-use-ema`` and so on, and it receives the explicitly given ones, in the order of the contract. A key that the
    command declares as a parameter of its own (such as ``run_id``) is left to it.

    Values are read as in ``KEY=VALUE``, so that one place checks them and one wording explains what is wrong.
    """
    hints = get_type_hints(function, include_extras=True)
    own = [
        parameter.replace(annotation=hints[name])
        for name, parameter in inspect.signature(function).parameters.items()
        if name != OVERRIDES
    ]
    names = {parameter.name for parameter in own}
    options = {option.name: option for option in wanted if option.name not in names}

    @functools.wraps(function)
    def command(**values: Any) -> Result:
        given = {name: values.pop(name) for name in options}
        return function(**values, **{OVERRIDES: overrides_of(given)})

    listed = [*own, *sorted(options.values(), key=_place)]
    command.__signature__ = inspect.Signature(listed)  # type: ignore[attr-defined]
    command.__annotations__ = {entry.name: entry.annotation for entry in listed}
    return command


def overrides_of(given: Mapping[str, bool | str | None]) -> list[Override]:
    """Overrides of the options that were given: switches and texts; an option that was not has the value None.

    Raises:
        ContractError: texts that are no YAML, and keys given together with another spelling, all of them.
    """
    findings: list[Finding] = []
    overrides: list[Override] = []
    for position, (key, value) in enumerate(given.items()):
        if value is None:
            continue
        flag = f"--no-{_dashed(key)}" if value is False else f"--{_dashed(key)}"
        try:
            read = parse_value(key, value, Origin(2, "", position, flag)) if isinstance(value, str) else value
            overrides.append(Override(key, read, flag))
        except ContractError as error:
            findings += [Finding(found.code, flag, found.problem, found.fix) for found in error.findings]
    findings += given_twice(overrides)
    if findings:
        raise ContractError(findings)
    return overrides


def _options(wanted: Iterable[type[BaseModel]], *, common: bool = False) -> Iterator[inspect.Parameter]:
    """Options of all keys, in a panel for each section; those of `COMMON` in one of their own where that is asked."""
    for section in wanted:
        texts = docstrings_of(section)
        panel = re.split(r"[.,;]|: (?![^`]*`)", summary_of(section))[0]
        for key, slot in slots_of(section).items():
            default = "" if slot.section is not None else f" Default: {write_flow(slot.default)}."
            shown_in = _COMMON_KEYS if common and key in COMMON else panel
            yield _option(key, slot, f"{texts[key]}{default}", shown_in)


def _place(option: inspect.Parameter) -> int:
    """Where an option is listed: the common ones as in `COMMON`, then the others as they are."""
    is_common = get_args(option.annotation)[1].rich_help_panel == _COMMON_KEYS
    return COMMON.index(option.name) if is_common else len(COMMON)


def _older_spellings() -> Iterator[inspect.Parameter]:
    for alias, path in ALIASES.items():
        target = slot_at(path)
        assert target is not None
        shape = Slot(bool, ()) if alias == "use_amp" else target
        yield _option(alias, shape, f"Sets `{'.'.join(map(str, path))}`.", _OLDER_SPELLINGS)


def _option(key: str, slot: Slot, text: str, panel: str) -> inspect.Parameter:
    flag = f"--{_dashed(key)}"
    choices = _choices(slot)
    words = [write_flow(choice) for choice in choices]
    shown = "|".join([*words, *(["NAME"] if slot.offers else [])]) if words else _metavar(slot)
    if len(shown) > _WIDEST_METAVAR:
        shown, text = "NAME", f"{text} One of {', '.join(words)}."
    annotation: Any
    if slot.annotation is bool or (choices and all(isinstance(choice, bool) for choice in choices)):
        option = typer.Option(f"{flag}/--no-{_dashed(key)}", help=text, rich_help_panel=panel, show_default=False)
        annotation = Annotated[bool | None, option]
    else:
        option = typer.Option(
            flag,
            help=text,
            rich_help_panel=panel,
            show_default=False,
            metavar=shown,
            autocompletion=(lambda: words) if words else None,
        )
        annotation = Annotated[str | None, option]
    return inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _choices(slot: Slot) -> tuple[Any, ...]:
    """The few values of which one stands here, null aside; else those that others may stand beside."""
    values = [option for option in slot.options if option.annotation is not type(None)]
    if all(option.is_choice for option in values):
        return tuple(choice for option in values for choice in get_args(option.annotation))
    return slot.offers


def _metavar(slot: Slot) -> str:
    kinds = {option.annotation for option in slot.options} - {type(None)}
    if slot.section is not None:
        return "PATH|MAP" if slot.section is ModelConfig else "MAP"
    if slot.accepts_list:
        return "LIST" if slot.item is not None else "true|false|LIST" if bool in kinds else "INTEGER|LIST"
    return _METAVARS[kinds.pop()] if kinds <= set(_METAVARS) else "MAP"


def _dashed(key: str) -> str:
    return key.replace("_", "-")
