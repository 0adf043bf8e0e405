"""Query selection made observable: the part of a detector where equal scores may fall either way.

The decoder's queries see one another, so one other query changes all of them. Two correct networks whose proposals tie
for the last place therefore differ everywhere, by far more than float noise. Outputs are comparable once both networks
decode the same proposals: the exported file tells which it chose, and the detector is made to choose the same.
"""

# Shapes: B images, S positions that are scored, Q queries, C classes, H and W of the network input.

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from yolozu.artifacts.onnx_metadata import INPUT_NAME
from yolozu.errors import InputError
from yolozu.model.detector import Detector
from yolozu.model.onnx_runtime import run_session, session_of


@dataclass(frozen=True)
class Choice:
    """What query selection did.

    Attributes:
        scores_BS: score of each position.
        index_BQ: chosen positions, best first.
    """

    scores_BS: NDArray[np.float32]
    index_BQ: NDArray[np.int64]


class SelectionProbe:
    """The same exported graph with query selection's input and output as its only outputs."""

    def __init__(self, path: Path, *, threads: int) -> None:
        """Load the graph.

        Raises:
            InputError: YZ602 it cannot be loaded, YZ608 it does not select queries in one place.
        """
        import onnx

        model = onnx.load(path)
        ranking = [node for node in model.graph.node if node.op_type == "TopK"]
        if len(ranking) != 1:
            raise InputError.one(
                "YZ608",
                where=str(path),
                problem=f"the graph ranks proposals in {len(ranking)} places (TopK), a detector does in one",
                fix="export the model again from its checkpoint with this version of yolozu",
            )
        self._names = [ranking[0].input[0], ranking[0].output[1]]
        del model.graph.output[:]
        for name, kind in zip(self._names, (onnx.TensorProto.FLOAT, onnx.TensorProto.INT64), strict=True):
            model.graph.output.append(onnx.helper.make_tensor_value_info(name, kind, None))
        self._where = str(path)
        self._session = session_of(model.SerializeToString(), device="cpu", threads=threads, where=self._where)

    def __call__(self, images_B3HW: NDArray[np.float32]) -> Choice:
        """What the exported file chooses on a batch."""
        scores_BS, index_BQ = run_session(self._session, self._names, {INPUT_NAME: images_B3HW}, where=self._where)
        return Choice(scores_BS, index_BQ)


@dataclass(frozen=True)
class ReferenceOutputs:
    """What a detector computes with given queries.

    Attributes:
        outputs: by the name of the exported output.
        own: what the detector would have chosen itself.
    """

    outputs: dict[str, NDArray[np.float32]]
    own: Choice


def reference_outputs(
    detector: Detector, images_B3HW: NDArray[np.float32], index_BQ: NDArray[np.int64]
) -> ReferenceOutputs:
    """Outputs of a detector in eval mode that decodes the positions ``index_BQ``, in this order."""
    seen: list[Choice] = []

    def choose(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...], own_BQ: torch.Tensor) -> torch.Tensor:
        seen.append(Choice(inputs[0].numpy(), own_BQ.numpy()))
        return torch.from_numpy(index_BQ)

    hook = detector.selector.choice.register_forward_hook(choose)
    try:
        with torch.inference_mode():
            outputs = detector(torch.from_numpy(images_B3HW)).named()
    finally:
        hook.remove()
    assert len(seen) == 1, "a detector selects its queries once"
    return ReferenceOutputs({name: values.numpy() for name, values in outputs.items()}, seen[0])


@dataclass(frozen=True)
class SelectionDifference:
    """How two choices on one image differ.

    Attributes:
        score_differences: (S,) absolute, float64.
        reordered: queries that both chose, at another rank.
        tied: queries that only the second chose, scored by the first within tolerance of its last one.
        other: queries that only the second chose, scored clearly lower by the first.
    """

    score_differences: NDArray[np.float64]
    reordered: int
    tied: int
    other: int


def compare_choices(first: Choice, second: Choice, image: int, *, score_atol: float) -> SelectionDifference:
    """The difference on image ``image`` of the batch; ``first`` is the reference."""
    scores_S = first.scores_BS[image].astype(np.float64)
    own_Q, other_Q = first.index_BQ[image], second.index_BQ[image]
    foreign_Q = ~np.isin(other_Q, own_Q)
    ties_Q = scores_S[other_Q] >= scores_S[own_Q].min() - score_atol
    return SelectionDifference(
        score_differences=np.abs(scores_S - second.scores_BS[image].astype(np.float64)),
        reordered=int((~foreign_Q & (own_Q != other_Q)).sum()),
        tied=int((foreign_Q & ties_Q).sum()),
        other=int((foreign_Q & ~ties_Q).sum()),
    )
