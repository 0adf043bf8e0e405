"""Class scores."""

import torch

from yolozu.model.heads.base import HeadSizes
from yolozu.model.heads.classification import ClassificationHead


def test_scores_start_at_the_prior():
    head = ClassificationHead(HeadSizes(d_model=8, num_classes=5))
    scores = head(torch.zeros(4, 8)).sigmoid()
    torch.testing.assert_close(scores, torch.full((4, 5), 0.01))
