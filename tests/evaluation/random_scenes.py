"""Small data sets with everything that decides a match: equal scores and overlaps, crowds, areas, nothing at all."""

from __future__ import annotations

import numpy as np

from tests.evaluation.scenes import CLASSES, Found, Scene, Truth


def some_scenes(seed: int, count: int = 7) -> list[Scene]:
    rng = np.random.default_rng(seed)
    return [_scene(rng) for _ in range(count)]


def _scene(rng: np.random.Generator) -> Scene:
    truth = [
        Truth(
            int(rng.integers(3)),
            _box(rng),
            crowd=bool(rng.random() < 0.15),
            area=None if rng.random() < 0.5 else float(rng.uniform(1, 20_000)),
        )
        for _ in range(rng.integers(0, 7))
    ]
    found = [Found(int(rng.choice(CLASSES.category_ids)), _box(rng), _score(rng)) for _ in range(rng.integers(0, 6))]
    for one in truth:
        left, top, width, height = one.box
        found += [
            Found(
                CLASSES.category_ids[one.class_index],
                (left + int(rng.integers(-2, 3)), top, width, height + int(rng.integers(0, 4))),
                _score(rng),
            )
            for _ in range(rng.integers(0, 4))
        ]
    return Scene(truth, [found[place] for place in rng.permutation(len(found))] if rng.random() < 0.9 else None)


def _score(rng: np.random.Generator) -> float:
    return float(rng.integers(0, 9) / 8)


def _box(rng: np.random.Generator) -> tuple[float, float, float, float]:
    left, top = rng.integers(0, 60, 2) * 4.0
    width, height = rng.integers(1, 40, 2) * rng.choice([1.0, 4.0])
    return float(left), float(top), float(width), float(height)
