"""Fit what was written to the keys there are: unknown keys out, comma lists and lone values into lists."""

from __future__ import annotations

from yolozu.contract.foreign_keys import foreign_fix
from yolozu.contract.overrides import ALIASES
from yolozu.contract.strict.slots import Slot, keys, sections, slot_at, slots_of
from yolozu.contract.text.node import KeyPath, Node, Origin, Problem, dotted
from yolozu.contract.text.scalars import resolve
from yolozu.registry import nearest


def fit(root: Node) -> list[Problem]:
    """Change ``root`` so that only known keys are left; the unknown ones are the answer (code YZ102)."""
    problems: list[Problem] = []
    _fit_map(root, keys(), (), problems)
    return problems


def _fit_map(node: Node, slots: dict[str, Slot], path: KeyPath, problems: list[Problem]) -> None:
    for key in list(node.value):
        here = (*path, key)
        slot = slots.get(key)
        if slot is None:
            problems.append(unknown_key(node.value[key].origin, here))
            del node.value[key]
        else:
            _fit_value(node.value[key], slot, here, problems)


def _fit_value(node: Node, slot: Slot, path: KeyPath, problems: list[Problem]) -> None:
    if slot.section is not None and isinstance(node.value, dict):
        _fit_map(node, slots_of(slot.section), path, problems)
    elif slot.accepts_list and isinstance(node.value, str):
        words = [word.strip() for word in node.value.split(",")] if node.value.strip() else []
        node.value = [Node(resolve(word), node.origin) for word in words]
    elif slot.item is not None and _is_lone(node):
        node.value = [Node(node.value, node.origin)]


def _is_lone(node: Node) -> bool:
    return isinstance(node.value, int | float) and not isinstance(node.value, bool)


def unknown_key(origin: Origin, path: KeyPath) -> Problem:
    """There is no key ``path``; the fix offers the one that was probably meant."""
    parent = slot_at(path[:-1]) if len(path) > 1 else None
    slots = keys() if len(path) == 1 else {} if parent is None or parent.section is None else slots_of(parent.section)
    foreign = foreign_fix(str(path[-1])) if len(path) == 1 else None
    fix = _meant(str(path[-1]), path, slots) if foreign is None else foreign
    return Problem.at(origin, path, "YZ102", "unknown key", fix)


def _meant(key: str, path: KeyPath, slots: dict[str, Slot]) -> str:
    home = _home_of(key)
    if home is not None:
        return f"did you mean {home!r}?"
    if len(path) == 1 and key in sections():
        return "keys are flat: write what is in it at the top level"
    if len(path) == 1 and key.partition(".")[0] in slots:
        return f"in a file, nest it: {key.partition('.')[0]}: {{{key.partition('.')[2]}: …}}"
    guess = nearest(key, [*slots, *(ALIASES if len(path) == 1 else ())])
    if guess is not None:
        return f"did you mean {'.'.join([*map(str, path[:-1]), guess])!r}?"
    if len(path) == 1:
        return "remove it; `yolozu contract schema` lists every key"
    return f"known here: {', '.join(slots)}" if slots else f"{dotted(path[:-1])} holds no keys"


def _home_of(key: str) -> str | None:
    """Where a key of that very name exists elsewhere."""
    if key in keys():
        return key
    return next((f"{top}.{found}" for top, slot in keys().items() if (found := _inside(slot, key)) is not None), None)


def _inside(slot: Slot, key: str) -> str | None:
    if slot.section is None:
        return None
    for name, child in slots_of(slot.section).items():
        if name == key:
            return name
        deeper = _inside(child, key)
        if deeper is not None:
            return f"{name}.{deeper}"
    return None
