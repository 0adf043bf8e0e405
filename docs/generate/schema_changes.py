"""What of a JSON Schema has changed so that a file, or a program that reads such files, no longer fits.

Two questions, one comparison. A file of before has to be valid today: every value of the old schema is one of the new.
A program written for files of before has to understand those of today: every value of the new schema is one of the old,
but for keys and choices that it does not know, which readers pass over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]

_ANNOTATIONS = {"$schema", "$defs", "title", "description", "default", "examples", "discriminator"}
_NAMED = {"properties", "patternProperties", "$defs"}
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_PARTS = {
    *("type", "enum", "const", "anyOf", "oneOf", "properties", "patternProperties", "additionalProperties"),
    *("$ref", "required", "items", "prefixItems", "multipleOf", *_UPPER, *_LOWER),
}
_TYPES = {"null": type(None), "boolean": bool, "integer": int, "number": (int, float), "string": str, "array": list}


def without_words(schema: Any) -> Any:
    """The rules of ``schema`` alone: titles, descriptions and examples gone."""
    if isinstance(schema, list):
        return [without_words(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    named = {key: {name: without_words(rules) for name, rules in schema[key].items()} for key in _NAMED & set(schema)}
    return {
        key: named[key] if key in named else value if key in {"default", "enum", "const"} else without_words(value)
        for key, value in schema.items()
        if key not in {"title", "description", "examples", "discriminator"}
    }


def no_longer_valid(old: Schema, new: Schema) -> list[str]:
    """Why a file that was valid is not any more; empty where each one stays valid."""
    return _Comparison(old, new).differences()


def no_longer_understood(old: Schema, new: Schema) -> list[str]:
    """Why a program that reads files of ``old`` does not understand one of ``new``; empty where it does."""
    return _Comparison(new, old, for_readers=True).differences()


@dataclass
class _Comparison:
    """Whether every value of ``some`` is one of ``wide``; what stands in its way, a line each."""

    some: Schema
    wide: Schema
    for_readers: bool = False
    _known: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def differences(self) -> list[str]:
        return self._values(self.some, self.wide, "")

    def _values(self, some: Schema, wide: Schema, path: str) -> list[str]:
        pair = (str(some.get("$ref")), str(wide.get("$ref")))
        if "$ref" not in some or "$ref" not in wide:
            return self._compared(some, wide, path)
        if pair not in self._known:
            self._known[pair] = []  # a part that holds itself is compared once
            self._known[pair] = self._compared(some, wide, path)
        return self._known[pair]

    def _compared(self, some: Schema, wide: Schema, path: str) -> list[str]:
        wanted, offered = _alternatives(wide, self.wide), _alternatives(some, self.some)
        found: list[str] = []
        for one in offered:
            tries = [self._one(one, other, path) for other in wanted]
            if [] in tries:
                continue
            near = [problems for problems, other in zip(tries, wanted, strict=True) if _alike(one, other)]
            found += min(near, key=len) if near else [self._said(path, one, wanted)]
        return found

    def _said(self, path: str, one: Schema, wanted: list[Schema]) -> str:
        lacking, known = _kind(one), " or ".join(dict.fromkeys(_kind(other) for other in wanted))
        return _at(path, f"may be {lacking}, was {known}" if self.for_readers else f"was {lacking}, has to be {known}")

    def _one(self, some: Schema, wide: Schema, path: str) -> list[str]:
        if not wide.keys() - _ANNOTATIONS:
            return []
        if not _alike(some, wide) or some.get("$ref") != wide.get("$ref"):
            return [_at(path, "of another type")]
        return [
            *self._choices(some, wide, path),
            *self._bounds(some, wide, path),
            *self._keys(some, wide, path),
            *self._entries(some, wide, path),
            *self._others(some, wide, path),
        ]

    def _choices(self, some: Schema, wide: Schema, path: str) -> list[str]:
        known, given = _choices_of(wide), _choices_of(some)
        if known is None or (self.for_readers and given is not None and len(known) > 1):
            return []
        if given is None:
            return [_at(path, "any value became a choice")]
        return [_at(path, f"{value!r} is no choice") for value in given if value not in known]

    def _bounds(self, some: Schema, wide: Schema, path: str) -> list[str]:
        if _choices_of(some) is not None:
            return []
        found = [key for key in _UPPER if key in wide and not some.get(key, float("inf")) <= wide[key]]
        found += [key for key in _LOWER if key in wide and not some.get(key, -float("inf")) >= wide[key]]
        step = wide.get("multipleOf")
        if step is not None and ("multipleOf" not in some or some["multipleOf"] % step != 0):
            found.append("multipleOf")
        return [_at(path, f"{key} is {wide[key]}, was {some.get(key, 'open')}") for key in found]

    def _keys(self, some: Schema, wide: Schema, path: str) -> list[str]:
        if some.get("type") != "object":
            return []
        word = "may be missing" if self.for_readers else "is required"
        missing = [key for key in wide.get("required", ()) if key not in some.get("required", ())]
        found = [_at(_below(path, key), word) for key in missing]
        for key, rules in some.get("properties", {}).items():
            if (other := wide.get("properties", {}).get(key)) is not None:
                found += self._values(_schema(rules), _schema(other), _below(path, key))
            elif wide.get("additionalProperties", True) is False and not self.for_readers:
                found.append(_at(_below(path, key), "is no key"))
            elif isinstance(wide.get("additionalProperties"), dict):
                found += self._values(_schema(rules), wide["additionalProperties"], _below(path, key))
        if self.for_readers:
            gone = wide.get("properties", {}).keys() - some.get("properties", {}).keys()
            if some.get("additionalProperties", True) is False:
                found += [_at(_below(path, key), "is gone") for key in sorted(gone) if key not in missing]
        return [*found, *self._open_keys(some, wide, path)]

    def _open_keys(self, some: Schema, wide: Schema, path: str) -> list[str]:
        found: list[str] = []
        rest, allowed = some.get("additionalProperties", True), wide.get("additionalProperties", True)
        if rest is not False and allowed is False and not self.for_readers:
            found.append(_at(path, "other keys are refused"))
        elif rest is not False and isinstance(allowed, dict):
            found += self._values(_schema(rest), allowed, _below(path, "*"))
        patterns = wide.get("patternProperties", {})
        for pattern, rules in some.get("patternProperties", {}).items():
            if pattern in patterns:
                found += self._values(rules, patterns[pattern], _below(path, f"/{pattern}/"))
        new = patterns.keys() - some.get("patternProperties", {}).keys()
        return found + [_at(path, f"keys like {pattern} have rules") for pattern in sorted(new)]

    def _entries(self, some: Schema, wide: Schema, path: str) -> list[str]:
        if some.get("type") != "array":
            return []
        found: list[str] = []
        if "items" in wide:
            found += self._values(_schema(some.get("items", True)), _schema(wide["items"]), f"{path}[]")
        ours, theirs = some.get("prefixItems", []), wide.get("prefixItems", [])
        for position, rules in enumerate(theirs):
            has = ours[position] if position < len(ours) else some.get("items", True)
            found += self._values(_schema(has), rules, f"{path}[{position}]")
        return found

    def _others(self, some: Schema, wide: Schema, path: str) -> list[str]:
        """What this comparison does not weigh has to be the same: a pattern, a negation."""
        given = _choices_of(some)
        return [
            _at(path, f"{key} is {wide[key]!r}, was {some.get(key, 'open')!r}")
            for key in sorted(wide.keys() - _ANNOTATIONS - _PARTS)
            if some.get(key) != wide[key] and not (given is not None and key == "pattern")
        ]


def _alternatives(schema: Schema, root: Schema) -> list[Schema]:
    """The schema as choices, each of one type, and without references but to other files, which are compared alone."""
    if schema.get("$ref", "").startswith("#/"):
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return _alternatives({**target, **{key: value for key, value in schema.items() if key != "$ref"}}, root)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            rest = {key: value for key, value in schema.items() if key != word}
            return [one for entry in schema[word] for one in _alternatives({**rest, **entry}, root)]
    kinds = schema.get("type")
    return [{**schema, "type": kind} for kind in kinds] if isinstance(kinds, list) else [schema]


def _alike(some: Schema, wide: Schema) -> bool:
    """Whether both are of one type: a whole number is a number, too."""
    values = _choices_of(some)
    if values is not None and wide.get("type") in _TYPES:
        return all(
            isinstance(value, _TYPES[wide["type"]]) and isinstance(value, bool) <= (wide["type"] == "boolean")
            for value in values
        )
    return "type" not in wide or some.get("type") in (wide["type"], "integer" if wide["type"] == "number" else None)


def _choices_of(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _kind(schema: Schema) -> str:
    values = _choices_of(schema)
    return str(schema.get("type", "anything")) if values is None else "/".join(repr(value) for value in values)


def _schema(rules: Schema | bool) -> Schema:
    return rules if isinstance(rules, dict) else {}


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _at(path: str, problem: str) -> str:
    return f"{path}: {problem}" if path else problem
