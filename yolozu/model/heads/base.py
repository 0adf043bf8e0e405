"""What a prediction head is built from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HeadSizes:
    """The numbers that decide a head's shape; each head takes those it needs.

    Attributes:
        d_model: width of the decoder's queries.
        num_classes: classes of the data set.
    """

    d_model: int
    num_classes: int
