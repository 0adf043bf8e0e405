"""Contracts written, loaded and refused inside an empty working directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from yolozu.contract.loader import LoadedContract, load_contract
from yolozu.contract.overrides import parse_assignments
from yolozu.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., LoadedContract]:
    """``load(text, *words, name="exp.yaml", strict=False)``: the contract in a file of that text, with words on top."""
    monkeypatch.chdir(tmp_path)

    def write_and_load(text: str, *words: str, name: str = "exp.yaml", strict: bool = False) -> LoadedContract:
        Path(name).write_text(text, encoding="utf-8")
        return load_contract(Path(name), parse_assignments(words), strict=strict)

    return write_and_load


@pytest.fixture
def refusal(load: Callable[..., LoadedContract]) -> Callable[..., str]:
    """What is said where ``load`` refuses."""

    def text_of(*arguments: str, **options: str | bool) -> str:
        with pytest.raises(ContractError) as caught:
            load(*arguments, **options)
        return str(caught.value)

    return text_of
