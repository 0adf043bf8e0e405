"""The keys a contract may hold, as a tree of pydantic fields."""

from __future__ import annotations

import types
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from yolozu.contract.base import Form
from yolozu.contract.sections.run import Contract, section_of_key

if TYPE_CHECKING:
    from yolozu.contract.text.node import KeyPath


@dataclass(frozen=True)
class Slot:
    """A place in the contract: what may stand there.

    Attributes:
        annotation: type, without ``Annotated``.
        metadata: constraints and forms.
        default: the default value; ``...`` where there is none: inside lists and maps, and of keys that must be given.
    """

    annotation: Any
    metadata: tuple[Any, ...]
    default: Any = ...

    @property
    def section(self) -> type[BaseModel] | None:
        """The nested section that stands here, if one does."""
        is_section = isinstance(self.annotation, type) and issubclass(self.annotation, BaseModel)
        return self.annotation if is_section else None

    @property
    def options(self) -> tuple[Slot, ...]:
        """The members of a union; itself otherwise."""
        if get_origin(self.annotation) in {Union, types.UnionType}:
            return tuple(slot_of(member) for member in get_args(self.annotation))
        return (self,)

    @property
    def nullable(self) -> bool:
        """Whether null may stand here."""
        return any(option.annotation is type(None) for option in self.options)

    @property
    def is_text(self) -> bool:
        """Whether any text (and nothing but a text or null) may stand here."""
        return {option.annotation for option in self.options} - {type(None)} == {str}

    @property
    def is_choice(self) -> bool:
        """Whether one of a few given values stands here."""
        return get_origin(self.annotation) is Literal

    @property
    def offers(self) -> tuple[str, ...]:
        """Values to complete to where others may stand here too."""
        return next((entry.offers for entry in self.metadata if isinstance(entry, Form)), ())

    @property
    def item(self) -> Slot | None:
        """What each element of a list of any length is; None for what is no such list."""
        origin, arguments = get_origin(self.annotation), get_args(self.annotation)
        if origin is list or (origin is tuple and len(arguments) == 2 and arguments[1] is ...):
            return slot_of(arguments[0])
        return None

    @property
    def accepts_list(self) -> bool:
        """Whether a list may stand here, so that a comma list may too."""
        return any(get_origin(option.annotation) is tuple for option in self.options)

    def child(self, part: str | int) -> Slot | None:
        """What stands below; None where nothing can."""
        if self.section is not None:
            return slots_of(self.section).get(str(part))
        if isinstance(part, int):
            return self.item
        if get_origin(self.annotation) is dict and part != "[key]":
            return slot_of(get_args(self.annotation)[1])
        return None


def slot_of(annotation: Any, metadata: tuple[Any, ...] = (), default: Any = ...) -> Slot:
    """A slot of ``annotation``, with what ``Annotated`` says moved to its metadata."""
    while get_origin(annotation) is Annotated:
        annotation, *extra = get_args(annotation)
        unpacked = [part for entry in extra for part in (entry.metadata if isinstance(entry, FieldInfo) else [entry])]
        metadata = (*unpacked, *metadata)
    return Slot(annotation, metadata, default)


@cache
def slots_of(section: type[BaseModel]) -> dict[str, Slot]:
    """Field name -> slot of one section."""
    return {
        key: slot_of(
            field.annotation,
            tuple(field.metadata),
            ... if field.is_required() else field.get_default(call_default_factory=True),
        )
        for key, field in section.model_fields.items()
    }


def slot_below(model: type[BaseModel], path: KeyPath) -> Slot | None:
    """What stands at ``path`` of a file that holds a ``model``, in whichever member of a union it can."""
    slot: Slot | None = Slot(model, ())
    for part in path:
        options = [] if slot is None else [inner for option in slot.options for inner in option.options]
        slot = next((found for option in options if (found := option.child(part)) is not None), None)
    return slot


@cache
def sections() -> dict[str, type[BaseModel]]:
    """Section name -> section, in the order of the contract."""
    found = {name: slot.section for name, slot in slots_of(Contract).items()}
    return {name: section for name, section in found.items() if section is not None}


@cache
def keys() -> dict[str, Slot]:
    """Flat key -> slot, in the order of the contract."""
    return {key: slots_of(sections()[section])[key] for key, section in section_of_key().items()}


def slot_at(path: KeyPath) -> Slot | None:
    """What stands at ``path`` of the user's (flat) keys; None where nothing can."""
    slot = keys().get(str(path[0]))
    for part in path[1:]:
        if slot is None:
            return None
        slot = slot.child(part)
    return slot


def flat_values(contract: Contract) -> dict[str, Any]:
    """Flat key -> value, in the order of the contract; nested sections as they are."""
    return {key: getattr(getattr(contract, section), key) for key, section in section_of_key().items()}


def flat_json(contract: Contract) -> dict[str, Any]:
    """Flat key -> value as JSON has it (maps and lists for sections and tuples)."""
    return {key: value for section in contract.model_dump(mode="json").values() for key, value in section.items()}
