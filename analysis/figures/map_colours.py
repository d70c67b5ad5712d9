"""Colours for a map of many classes, such that neighbours differ clearly for every eye.

Colours come from a grid in Oklab (Ottosson 2020): twelve steps of lightness, rings of hues.
Distances are the smallest of four: as seen with normal sight, and as simulated for protanopia,
deuteranopia and tritanopia (Machado, Oliveira and Fernandes 2009, severity 1). Deterministic.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from matplotlib.colors import to_hex
from numpy.typing import NDArray
from scipy.spatial import cKDTree

FloatArray = NDArray[np.float64]
_LIGHTNESS = tuple(np.linspace(0.30, 0.92, 12).tolist())
_CHROMA = (0.05, 0.10, 0.15, 0.20, 0.25)
_N_HUES = 24
_BLIND = {  # linear RGB to linear RGB
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
               [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
_TO_LMS = [[0.4122214708, 0.5363325363, 0.0514459929],
           [0.2119034982, 0.6806995451, 0.1073969566],
           [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
_TO_LAB = [[0.2104542553, 0.7936177850, -0.0040720468],
           [1.9779984951, -2.4285922050, 0.4505937099],
           [0.0259040371, 0.7827717662, -0.8086757660]]  # fmt: skip


def map_colours(points: FloatArray, labels: NDArray[np.int64], n_classes: int) -> list[str]:
    """n_classes hex colours, by label.

    points: (n, 2) degrees; labels: (n,) in 0..n_classes - 1. Which classes are neighbours follows
    from the points: how often one is among another's 12 nearest. Classes are coloured in order of
    how many neighbours they have; each takes, of the unused colours, the one furthest from its
    neighbours' colours (weighted by how close they are), and then from all colours in use.
    """
    palette, apart = _palette(n_classes)
    near = neighbours(points, labels, n_classes)
    order = sorted(range(n_classes), key=lambda c: (-int((near[c] > 0).sum()), c))
    chosen: dict[int, int] = {}
    free = list(range(n_classes))
    for label in order:
        used = [(chosen[c], near[label, c]) for c in chosen]
        beside = [i for i, weight in used if weight > 0]

        def room(i: int, beside: list[int] = beside) -> tuple[float, float]:
            closest = min((apart[i, j] for j in beside), default=np.inf)
            return float(min(closest, 0.35)), -float(i)  # beyond 0.35 any pair is plain

        best = max(free, key=room)
        chosen[label] = best
        free.remove(best)
    _swap(chosen, near > 0, apart)
    return [to_hex(palette[chosen[label]]) for label in range(n_classes)]


def _swap(chosen: dict[int, int], near: NDArray[np.bool_], apart: FloatArray) -> None:
    """Swap pairs of classes as long as the sum of 1 / distance**3 over neighbours falls."""
    n = len(chosen)
    place = np.array([chosen[label] for label in range(n)])
    with np.errstate(divide="ignore"):
        cost = np.where(apart > 0, apart, np.inf) ** -3.0

    def of(label: int) -> float:
        return float(cost[place[label], place[near[label]]].sum())

    for _ in range(20):
        moved = False
        for a in range(n):
            for b in range(a + 1, n):
                before = of(a) + of(b)
                place[[a, b]] = place[[b, a]]
                if of(a) + of(b) < before - 1e-9:
                    moved = True
                else:
                    place[[a, b]] = place[[b, a]]
        if not moved:
            break
    chosen.update({label: int(place[label]) for label in range(n)})


def neighbours(points: FloatArray, labels: NDArray[np.int64], n_classes: int) -> FloatArray:
    """(n_classes, n_classes) symmetric counts: how often one class is near another; diagonal 0.

    Distances are on the plane with longitude scaled to the latitude, 12 nearest points each.
    """
    counts = np.zeros((n_classes, n_classes))
    if len(points) < 2:
        return counts
    scaled = points * [np.cos(np.radians(points[:, 1].mean())), 1.0]
    _, index = cKDTree(scaled).query(scaled, k=min(13, len(points)))
    np.add.at(counts, (np.repeat(labels, index.shape[1]), labels[index].ravel()), 1.0)
    counts += counts.T
    np.fill_diagonal(counts, 0.0)
    return counts


@lru_cache(maxsize=8)  # the maps of a report have few numbers of classes
def _palette(n: int) -> tuple[FloatArray, FloatArray]:
    """The `distinct_colours` and their `seen_distances`, which nobody may change."""
    palette = distinct_colours(n)
    return palette, seen_distances(palette)


def distinct_colours(n: int) -> FloatArray:
    """(n, 3) sRGB in 0..1, each as far from the earlier ones as it can be (farthest point)."""
    candidates = _grid()
    if n > len(candidates):
        raise ValueError(f"at most {len(candidates)} colours can be told apart, asked for {n}")
    apart = seen_distances(candidates)
    picked = [int(candidates.sum(axis=1).argmin())]
    while len(picked) < n:
        picked.append(int(apart[picked].min(axis=0).argmax()))
    return candidates[picked]


def seen_distances(colours: FloatArray) -> FloatArray:
    """(n, n) distances in Oklab, the smallest over normal sight and three kinds of blindness."""
    linear = _linear(colours)
    seen = [_oklab(linear)]
    for matrix in _BLIND.values():
        seen.append(_oklab(np.clip(linear @ np.array(matrix).T, 0.0, 1.0)))
    apart = [np.linalg.norm(lab[:, None] - lab[None], axis=-1) for lab in seen]
    return np.asarray(np.min(apart, axis=0))


def _grid() -> FloatArray:
    """Candidates inside sRGB: lightness x chroma x hue, and greys."""
    hues = np.arange(_N_HUES) * 2 * np.pi / _N_HUES
    labs = [
        (light, chroma * np.cos(hue), chroma * np.sin(hue))
        for light in _LIGHTNESS
        for chroma in _CHROMA
        for hue in hues
    ]
    lms = np.linalg.solve(np.array(_TO_LAB), np.array(labs).T) ** 3
    linear = np.linalg.solve(np.array(_TO_LMS), lms).T
    inside = ((linear >= 0) & (linear <= 1)).all(axis=1)
    return _srgb(linear[inside])


def _oklab(linear: FloatArray) -> FloatArray:
    return np.asarray(np.cbrt(linear @ np.array(_TO_LMS).T) @ np.array(_TO_LAB).T)


def _linear(srgb: FloatArray) -> FloatArray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _srgb(linear: FloatArray) -> FloatArray:
    curved = 1.055 * np.power(np.maximum(linear, 0.0031308), 1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, 12.92 * linear, curved)
