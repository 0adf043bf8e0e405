from __future__ import annotations

import pytest

from yolozu.contract.adapters import OfferedAdapter
from yolozu.errors import UsageError
from yolozu.predict.adapters import opening
from yolozu.predict.adapters.check import require_answers
from yolozu.predict.adapters.dummy import without_detections


@pytest.mark.parametrize(
    ("places", "problem"),
    [
        ([], "gives 0 entries for 2 images"),
        ([0, None], "gives int, not ImagePredictions"),
        ([1, 0], "gives an entry for 'images/val/1.png' in the place of 'images/val/0.png'"),
    ],
)
def test_answers_are_one_entry_an_image_in_their_order(monkeypatch, exported, places, problem):
    offered = [OfferedAdapter("theirs", "their_package:Adapter", "their-package", "1.0")]
    monkeypatch.setattr(opening, "offered_adapters", lambda: offered)
    records = exported.index.records[:2]
    found = [without_detections(record) for record in records]
    require_answers("theirs", records, found)
    with pytest.raises(UsageError) as refused:
        require_answers("theirs", records, [3 if place is None else found[place] for place in places])
    assert str(refused.value) == (
        f"adapter 'theirs' (their_package:Adapter): YZ618 {problem}\n"
        "  fix: mend or uninstall the package that offers it"
    )
