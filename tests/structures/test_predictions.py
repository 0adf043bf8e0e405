import numpy as np
import pytest

from yolozu.structures.predictions import ImagePredictions


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"a.jpg: 2 scores, class_ids \(1,\), boxes \(2, 4\)"):
        ImagePredictions("a.jpg", 1, 1, np.zeros(1, np.int64), np.zeros(2), np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"a\.jpg: 2 scores, 1 extras"):
        ImagePredictions("a.jpg", 1, 1, np.zeros(2, np.int64), np.zeros(2), np.zeros((2, 4)), extras=({},))
