"""What several views of a picture show, fused into detections in the frame of the network's own view.

Adapted from weighted boxes fusion (Solovyev, Wang, Gabruseva, Weighted boxes fusion: Ensembling boxes from different
object detection models, Image and Vision Computing 107, 2021): boxes are score-weighted means, and an object that some
views miss has a lower score. New are poses, turned views, and that views which could not see an object do not count.
"""

# Shapes: V views, N detections of all views of one image, K objects.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from yolozu.data.detections import require_rotations
from yolozu.predict.tta.matching import Members, Seen, objects_of
from yolozu.predict.tta.pose_fusion import fused_poses, joined
from yolozu.predict.tta.unwarp import carried, carried_boxes, input_size
from yolozu.structures.detections import RawDetections, RawPoses

BORDER = 0.01
"""Part of a turned view's side: boxes that come nearer to the canvas' border are cut by it, for all one can tell."""


def fuse(views: Sequence[Seen], *, iou: float, image: str) -> RawDetections:
    """What the views show together, best first, in the frame of the first one.

    Score: the views' scores, 0 where a view misses the object, over the number of views that could see it.
    Box: the mean over the upright views, mirrored or not, that show it; over turned ones where no upright one does.
    Pose: see `fused_poses`. Mirrored views have no say in it: where the network has pose heads, an object that only
    they show has no pose and is left out.

    Args:
        views: what each shows; the first is the network's own.
        iou: overlap from which detections of one class in several views are one object.
        image: its name, for errors.

    Raises:
        InputError: YZ620 the pose heads gave a rotation that none can be.
    """
    whole = [_uncut(view) for view in views]
    here = [carried(view.found, view.placement, views[0].placement) for view in whole]
    members = _members(whole, here, iou)
    boxes_K4 = _fused_boxes(whole, members)
    scores_K = members.sums() / np.maximum(_views_that_see(whole, members, boxes_K4), 1)
    classes_K = np.zeros(members.count, np.int64)
    classes_K[members.object_N] = np.concatenate([found.class_indices for found in here])
    fused = RawDetections(scores_K, classes_K, boxes_K4)
    order = np.argsort(-scores_K, kind="stable")
    if here[0].poses is None:
        return fused.of(order)
    told = members.of(np.array([found.poses is not None for found in here])[members.view_N])
    poses = _joined_poses(whole, here, image)
    fused = replace(fused, poses=fused_poses(poses, told, boxes_K4, input_size(views[0].placement)))
    return fused.of(order[told.have_any()[order]])


def _uncut(view: Seen) -> Seen:
    """Without the detections that a turned canvas cuts: the picture goes on there, their boxes and poses do not."""
    if view.turn == 0.0:
        return view
    return replace(view, found=view.found.of(_inside(view.found.boxes_cxcywh)))


def _inside(boxes_cxcywh: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) whether boxes, normalized to their canvas, keep away from its border."""
    center, half = boxes_cxcywh[:, :2], boxes_cxcywh[:, 2:] / 2
    inside_N: NDArray[np.bool_] = np.all((center - half > BORDER) & (center + half < 1.0 - BORDER), axis=1)
    return inside_N


def _members(views: Sequence[Seen], here: Sequence[RawDetections], iou: float) -> Members:
    object_N = objects_of(views, iou=iou)
    return Members(
        object_N=object_N,
        view_N=np.repeat(np.arange(len(here)), [len(found.scores) for found in here]),
        scores_N=np.concatenate([found.scores for found in here]),
        boxes_N4=np.concatenate([found.boxes_cxcywh for found in here]),
        count=int(object_N.max(initial=-1)) + 1,
    )


def _joined_poses(views: Sequence[Seen], here: Sequence[RawDetections], image: str) -> RawPoses:
    """Those of all views that have any, one after another.

    The camera's correction is the mean over the upright ones: a turn about the told principal point is none about
    another.
    """
    poses = [found.poses for found in here if found.poses is not None]
    upright = [
        found.poses.k_delta_4 for view, found in zip(views, here, strict=True) if view.turn == 0.0 and found.poses
    ]
    together = joined(poses, np.mean(upright, axis=0))
    require_rotations(image, together.rotations())
    return together


def _fused_boxes(views: Sequence[Seen], members: Members) -> NDArray[np.float64]:
    """(K, 4) normalized to the network's own view."""
    upright_V = np.array([view.turn == 0.0 for view in views])
    upright = members.of(upright_V[members.view_N])
    return np.where(upright.have_any()[:, None], upright.mean(upright.boxes_N4), members.mean(members.boxes_N4))


def _views_that_see(views: Sequence[Seen], members: Members, boxes_K4: NDArray[np.float64]) -> NDArray[np.int64]:
    """(K,) views that show each object, or would if it were found there: upright ones show all of the picture."""
    shows_KV = np.zeros((members.count, len(views)), np.bool_)
    shows_KV[members.object_N, members.view_N] = True
    for number, view in enumerate(views):
        if view.turn == 0.0:
            shows_KV[:, number] = True
        else:
            shows_KV[:, number] |= _inside(carried_boxes(boxes_K4, views[0].placement, view.placement))
    return np.asarray(shows_KV.sum(axis=1))
