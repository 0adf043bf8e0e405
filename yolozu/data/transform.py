"""What may be done to pictures before they become network input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ImageTransform(Protocol):
    """A change of pixels; size, objects and camera stay."""

    def __call__(self, image_HW3: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
        """The changed image.

        Args:
            image_HW3: (H, W, 3) uint8 RGB, as read; it is not written to.
            name: of the image in its data set: what is random depends on it and on the transform alone, so that the
                same image is changed the same way whenever it is asked for.

        Returns:
            (H, W, 3) uint8 RGB, of the same size.
        """
        ...

    def describe(self) -> dict[str, Any]:
        """What is done, as JSON values, for the record."""
        ...
