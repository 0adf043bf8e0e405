"""The contract as it was resolved, and where every value comes from."""

from __future__ import annotations

from yolozu.contract.loader import load_contract
from yolozu.contract.show import Row, recorded_rows
from yolozu.contract.text.node import DEFAULT_ORIGIN
from yolozu.report.markup import Child, Markup, element, joined
from yolozu.report.material import Material
from yolozu.report.page import details, note, table


def contract(material: Material) -> Markup | None:
    """What was given, and all keys for who asks for them; None where a run has no resolved contract."""
    path = material.files.contract
    if path is None:
        return None
    rows = recorded_rows(load_contract(path), path.read_text(encoding="utf-8"))
    given = [row for row in rows if row.origin != DEFAULT_ORIGIN.text]
    said = note(f"{len(given)} of {len(rows)} keys were given; the others have their defaults.")
    return joined(said, details("Keys that were given", _table(given)), details("All keys", _table(rows)))


def _table(rows: list[Row]) -> Markup:
    cells: list[list[Child]] = [[element("code", row.key), element("code", row.value), row.origin] for row in rows]
    return table(["key", "value", "from"], cells, name="Keys of the contract", texts=3)
