from __future__ import annotations

from typing import get_args

from yolozu.contract.sections.evaluate import EvalEngine
from yolozu.evaluation.boxes.registry import ENGINES


def test_the_contract_offers_exactly_these_engines():
    assert tuple(ENGINES) == get_args(EvalEngine)
