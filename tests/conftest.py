"""Fixtures that every test may use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fixtures.exported import Exported

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real images with boxes and poses, where they lie beside the checkout."""
    path = REPOSITORY.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip(f"real images are not at {path}")
    return path


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A tiny detector with random weights, exported once, and images for it; tests must not change these files."""
    from tests.fixtures.exported import export_tiny

    return export_tiny(tmp_path_factory.mktemp("exported"))
