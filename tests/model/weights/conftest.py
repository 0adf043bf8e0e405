"""Published detectors, built once: `transformers` alone takes seconds to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.model.weights.published import Published

SHAPES = [
    "r18-1",
    "r18-2",
    pytest.param("r50-1", marks=pytest.mark.slow),
    pytest.param("r50-2", marks=pytest.mark.slow),
]


@pytest.fixture(scope="package", params=SHAPES)
def published(request, tmp_path_factory) -> Published:
    """The smallest and the usual shape, in both versions."""
    from tests.model.weights.published import publish

    shape, version = request.param.split("-")
    return publish(shape, int(version), tmp_path_factory.mktemp(request.param))
