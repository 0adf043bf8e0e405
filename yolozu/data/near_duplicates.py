"""Pictures that are the same photo: saved again, resized, made brighter or darker, or cut a little at the border."""

# Shapes: N pictures, M pairs of pictures.

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolozu.data.images import small_gray
from yolozu.progress import SilentProgress
from yolozu.system import available_cores, released

if TYPE_CHECKING:
    from yolozu.artifacts.digest import DigestCache
    from yolozu.progress import Progress

SIDE, COARSE_SIDE = 32, 16
"""px of the grey pictures that are hashed, and of those that are laid over one another."""
HASH_SIDE = 8
"""Lowest frequencies in each direction that make the hash, without the mean: 63 bits."""

MOST_BITS = 16
"""Bits in which the hashes of one photo may differ; what differs in more is not looked at again."""
MOST_NEIGHBORS = 32
"""Pictures that each is compared with, of those behind it."""
WORTH_ALIGNING = 0.5
"""Correlation as they are of two pictures that are laid over one another at all."""
SAME = 0.95
"""Correlation from which two pictures are one photo.

Measured on 256 photos of COCO and 4000 synthetic scenes of 128 px: of 8 million pairs of different scenes one reaches
0.97, the others 0.93; no two of the photos 0.9. Found are all copies saved as JPEG of quality 30, of half the size,
or 20 % brighter or darker, and of those that lost 5 % of each side 97 to 100 %, depending on where.
"""

WINDOWS = tuple((side, left, top) for side in (0.95, 0.9) for left, top in product((0.0, 0.5, 1.0), repeat=2))
"""What a cut may have left of a picture: the fraction of each side, and where between its borders."""

PAIRS_AT_ONCE = 1 << 20
"""Pairs whose hashes are compared at once; 8 MB."""


def near_duplicate_groups(
    paths: Sequence[Path], *, cache: DigestCache, progress: Progress | None = None
) -> list[list[int]]:
    """Groups of places in ``paths`` whose pictures are one photo, each in order, of two or more.

    Whatever is like one of a group belongs to it. A picture that cannot be read, or of one color, is like no other.

    Source: the hash is Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010, 3.2.1 (DCT),
    with the median over the 63 frequencies; pairs that it leaves are decided by their correlation.

    Args:
        paths: image files.
        cache: remembers what was made of a file by its content.
        progress: where the work is shown.
    """
    gray_N = _small_pictures(paths, cache, SilentProgress() if progress is None else progress)
    readable = [place for place, gray in enumerate(gray_N) if gray is not None]
    if not readable:
        return []
    label_N = _groups(np.stack([gray for gray in gray_N if gray is not None]).astype(np.float32))
    order = np.argsort(label_N, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(label_N[order])) + 1)
    return sorted([readable[place] for place in group] for group in groups if len(group) > 1)


def _small_pictures(paths: Sequence[Path], cache: DigestCache, progress: Progress) -> list[NDArray[np.uint8] | None]:
    """Each (SIDE, SIDE), or None."""

    def made(places: list[int]) -> Iterator[str | None]:
        with (
            progress.bar("comparing images", len(places)) as bar,
            released(ThreadPoolExecutor(max_workers=available_cores())) as threads,
        ):
            for gray in threads.map(lambda place: small_gray(paths[place], SIDE), places):
                bar.advance()
                yield None if gray is None else base64.b64encode(gray.tobytes()).decode("ascii")

    contents = [cache.file_if_readable(path) for path in paths]
    texts = cache.recalled_each([f"gray{SIDE} {content}" for content in contents], made)
    return [None if text is None else _gray_of(text) for text in texts]


def _gray_of(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(SIDE, SIDE)


def _groups(gray_NSS: NDArray[np.float32]) -> NDArray[np.int64]:
    """(N,) numbers that pictures of one photo share."""
    label_N = np.arange(len(gray_NSS))
    whole_NF = _centered(gray_NSS)
    for pairs_2M in _alike(_hashes(gray_NSS)):
        apart_2M = _still_apart(label_N, pairs_2M)
        like_M = _correlations(whole_NF, whole_NF, apart_2M)
        label_N = _joined(label_N, apart_2M[:, like_M >= SAME])
        doubtful_2M = _still_apart(label_N, apart_2M[:, (like_M >= WORTH_ALIGNING) & (like_M < SAME)])
        if doubtful_2M.size:
            like_M = _aligned_correlations(gray_NSS, doubtful_2M)
            label_N = _joined(label_N, doubtful_2M[:, like_M >= SAME])
    return label_N


def _hashes(gray_NSS: NDArray[np.float32]) -> NDArray[np.uint64]:
    """(N,) of 63 bits: which of the lowest frequencies are above their median."""
    from scipy.fft import dctn

    low_NB = dctn(gray_NSS, axes=(1, 2))[:, :HASH_SIDE, :HASH_SIDE].reshape(len(gray_NSS), -1)[:, 1:]
    bits_NB = low_NB > np.median(low_NB, axis=1, keepdims=True)
    return np.packbits(np.pad(bits_NB, ((0, 0), (1, 0))), axis=1).view(np.uint64)[:, 0]


def _alike(hash_N: NDArray[np.uint64]) -> Iterator[NDArray[np.int64]]:
    """(2, M) pairs, the first before the second, whose hashes differ in a few bits; in blocks.

    Of a picture with many such, as of a camera that does not move, these are the nearest: whatever they are joined to
    reaches the others.
    """
    rows = max(1, PAIRS_AT_ONCE // len(hash_N))
    for start in range(0, len(hash_N), rows):
        differing_RN = np.bitwise_count(hash_N[start : start + rows, None] ^ hash_N[None, start:])
        differing_RN[np.tril_indices(len(differing_RN))] = MOST_BITS + 1
        near_RN = differing_RN <= MOST_BITS
        crowded = np.flatnonzero(np.count_nonzero(near_RN, axis=1) > MOST_NEIGHBORS)
        if crowded.size:
            nearest = np.argpartition(differing_RN[crowded], MOST_NEIGHBORS, axis=1)[:, :MOST_NEIGHBORS]
            near_RN[crowded] = False
            near_RN[crowded[:, None], nearest] = True
        yield start + np.array(np.nonzero(near_RN))


def _aligned_correlations(gray_NSS: NDArray[np.float32], pairs_2M: NDArray[np.int64]) -> NDArray[np.float32]:
    """(M,) the best correlation of one picture with a window of the other."""
    used, places = np.unique(pairs_2M, return_inverse=True)
    first_2M = places.reshape(pairs_2M.shape)
    gray_USS = gray_NSS[used]
    whole_UF = _centered(_windowed(gray_USS, (1.0, 0.0, 0.0)))
    best_M = np.full(pairs_2M.shape[1], -1.0, np.float32)
    for window in WINDOWS:
        cut_UF = _centered(_windowed(gray_USS, window))
        for pair_2M in (first_2M, first_2M[::-1]):
            np.maximum(best_M, _correlations(cut_UF, whole_UF, pair_2M), out=best_M)
    return best_M


def _windowed(gray_NSS: NDArray[np.float32], window: tuple[float, float, float]) -> NDArray[np.float32]:
    """(N, COARSE_SIDE, COARSE_SIDE) what a window shows, each px the mean of what it covers."""
    side, left, top = window
    return (_averaging(side, top) @ gray_NSS @ _averaging(side, left).T).astype(np.float32, copy=False)


def _averaging(side: float, start: float) -> NDArray[np.float32]:
    """(COARSE_SIDE, SIDE) weights that make the px of a window of the px of a picture."""
    edges = (start * (1.0 - side) + side * np.linspace(0.0, 1.0, COARSE_SIDE + 1)) * SIDE
    px = np.arange(SIDE)
    shared = np.minimum(edges[1:, None], px + 1) - np.maximum(edges[:-1, None], px)
    weights = np.clip(shared, 0.0, None)
    averaging: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return averaging


def _centered(gray_NSS: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, F) of mean 0 and length 1, so that products are correlations; zeros where all px are alike."""
    flat_NF = gray_NSS.reshape(len(gray_NSS), -1)
    centered_NF = flat_NF - flat_NF.mean(axis=1, keepdims=True)
    length_N1 = np.linalg.norm(centered_NF, axis=1, keepdims=True)
    centered: NDArray[np.float32] = centered_NF / np.where(length_N1 > 1e-3, length_N1, np.float32(np.inf))
    return centered


def _correlations(
    one_NF: NDArray[np.float32], other_NF: NDArray[np.float32], pairs_2M: NDArray[np.int64]
) -> NDArray[np.float32]:
    """(M,) of the first of each pair in ``one_NF`` with the second in ``other_NF``; in parts, as M may be millions."""
    rows = max(1, PAIRS_AT_ONCE // one_NF.shape[1])
    parts: Iterable[NDArray[np.float32]] = (
        np.einsum("mf,mf->m", one_NF[pairs_2M[0, start : start + rows]], other_NF[pairs_2M[1, start : start + rows]])
        for start in range(0, pairs_2M.shape[1], rows)
    )
    return np.concatenate([np.zeros(0, np.float32), *parts])


def _still_apart(label_N: NDArray[np.int64], pairs_2M: NDArray[np.int64]) -> NDArray[np.int64]:
    return pairs_2M[:, label_N[pairs_2M[0]] != label_N[pairs_2M[1]]]


def _joined(label_N: NDArray[np.int64], pairs_2M: NDArray[np.int64]) -> NDArray[np.int64]:
    """Labels after the groups of each pair became one."""
    if not pairs_2M.size:
        return label_N
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = label_N[pairs_2M]
    graph = coo_array((np.ones(ends.shape[1], np.bool_), (ends[0], ends[1])), shape=(len(label_N), len(label_N)))
    component_N = connected_components(graph, directed=False)[1]
    joined: NDArray[np.int64] = component_N[label_N].astype(np.int64)
    return joined
