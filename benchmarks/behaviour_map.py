"""The behaviour map on animals whose behaviour is known, its agreement with itself, and its speed.

`python benchmarks/behaviour_map.py flies [--seeds 2,3]`: four generated flies of 5,000 frames each (walk, stand, groom,
sing; centred on the thorax), mapped with the default settings and without posture as published: adjusted Rand index of
regions and behaviours over all mapped frames, and over those more than a tenth of a second from a change; seconds of
the processor for the map; then four flies of another seed placed on it, and agreement of two maps from two seeds.
`walkers`: two animals that rest, walk, chase and touch, by their motion alone. `speed`: 20,000 frames of 62 channels
(1,550 amplitudes). `real FOLDER`: tracks of your own, two maps from two seeds.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from machine import describe, peak_memory
from sklearn.metrics import adjusted_rand_score

from datasets.behaviour.generator import POINTS, WalkersSettings, make_walkers
from datasets.behaviour.mapping.bodies import Bodies, Body, BodySettings, bodies_of_tracks, read_bodies
from datasets.behaviour.mapping.measures import Recipe, Weights
from datasets.behaviour.mapping.wavelets import wavelets_for
from datasets.dataset import PointTracks
from datasets.pose.generator.fly import JOINTS
from datasets.pose.generator.video import ArenaSettings, make_video
from neuron_models.foundation.result_forms import NAMED_ARRAYS_FORM
from neuron_models.foundation.resumable import Work, resumable_folder
from surrogates.behaviour.map.embedding import EmbeddingSettings
from surrogates.behaviour.map.mapping import BehaviourMap, MapSettings, make_map, place_all, without_motion

Regions = list[np.ndarray]


def flies(seed: int, frames: int = 5000) -> tuple[Bodies, list[np.ndarray]]:
    """Four flies, and what each does."""
    video = make_video(ArenaSettings("fly", frames, 900, 900, 4, seed=seed))
    xy = np.stack([body.keypoints for body in video.bodies], axis=1)
    tracks = PointTracks("flies", JOINTS, tuple(f"fly {k + 1}" for k in range(4)), xy, video.fps)
    bodies = bodies_of_tracks(tracks, BodySettings(centre="thorax"), Path("generated"))
    return without_motion(bodies), [np.array(body.doing) for body in video.bodies]


def walkers(seed: int) -> tuple[Bodies, list[np.ndarray]]:
    """Two animals, and what both do."""
    made = make_walkers(WalkersSettings(6000, seed=seed))
    tracks = PointTracks("pair", POINTS, ("one", "other"), made.xy, 30.0)
    bodies = bodies_of_tracks(tracks, BodySettings(axis=("tail_base", "nose")), Path("generated"))
    return bodies, [made.labels, made.labels]


def mapped(bodies: Bodies, weights: Weights, seed: int, **more) -> tuple[BehaviourMap, Regions, float, Recipe]:
    """A map, the regions of every animal's frames, seconds of the processor, and the recipe."""
    recipe = Recipe(wavelets_for(min(body.fps for body in bodies.each), None, None, 25), weights, 0.5)
    settings = MapSettings(recipe, embedding=EmbeddingSettings(seed=seed), **more)
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        with resumable_folder(Path(folder) / "steps", Work("map", {}), NAMED_ARRAYS_FORM) as steps:
            found, placed = make_map(bodies, settings, steps)
        return found, [each.regions for each in placed], time.process_time() - started, recipe


def placed_on(bodies: Bodies, found: BehaviourMap, recipe: Recipe) -> tuple[Regions, float]:
    """New animals' regions, and seconds of the processor, from coordinates to regions."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        with resumable_folder(Path(folder) / "steps", Work("map", {}), NAMED_ARRAYS_FORM) as steps:
            placed = place_all(bodies, found, recipe, steps)
        return [each.regions for each in placed], time.process_time() - started


def recovered(regions: Regions, doing: Sequence[np.ndarray], fps: float) -> str:
    """The adjusted Rand index over all mapped frames, and over those that are far from a change of behaviour."""
    on = [each >= 0 for each in regions]
    far = [mask & ~_near_change(each, round(0.1 * fps)) for mask, each in zip(on, doing, strict=True)]
    scores = []
    for masks in (on, far):
        a = np.concatenate([each[mask] for each, mask in zip(doing, masks, strict=True)])
        b = np.concatenate([each[mask] for each, mask in zip(regions, masks, strict=True)])
        scores.append(f"{adjusted_rand_score(a, b):.3f} ({len(a)} frames)")
    return f"ARI {scores[0]}, far from changes {scores[1]}"


def _near_change(doing: np.ndarray, frames: int) -> np.ndarray:
    near = np.zeros(len(doing), bool)
    for at in np.flatnonzero(doing[1:] != doing[:-1]) + 1:
        near[max(0, at - frames) : at + frames] = True
    return near


def agreement(one: Regions, other: Regions) -> float:
    """The adjusted Rand index of two maps' regions."""
    a, b = np.concatenate(one), np.concatenate(other)
    both = (a >= 0) & (b >= 0)
    return float(adjusted_rand_score(a[both], b[both]))


def _flies(seeds: Sequence[int]) -> None:
    for seed in seeds:
        bodies, doing = flies(seed)
        found, regions, seconds, recipe = mapped(bodies, Weights(), 0)
        score = recovered(regions, doing, 100.0)
        print(f"flies {seed}: {found.regions.number} regions, {score}, {seconds:.0f} s of the processor", flush=True)
        new, its = flies(seed + 100)
        there, seconds = placed_on(new, found, recipe)
        frames = sum(map(len, there))
        score = recovered(there, its, 100.0)
        print(f"flies {seed + 100} placed on it: {score}, {frames / seconds:.0f} frames a second", flush=True)
        again = mapped(bodies, Weights(), 1)
        print(f"flies {seed}, another seed: {recovered(again[1], doing, 100.0)}; ", end="")
        print(f"{again[0].regions.number} regions, agreement {agreement(regions, again[1]):.3f}", flush=True)
    published = mapped(bodies, Weights(posture=0.0), 0)
    score = recovered(published[1], doing, 100.0)
    print(f"flies {seed}, amplitudes alone: {published[0].regions.number} regions, {score}", flush=True)


def _walkers(seeds: Sequence[int]) -> None:
    for seed in seeds:
        bodies, doing = walkers(seed)
        found, regions, seconds, _ = mapped(bodies, Weights(0.0, 0.0, 1.0), 0)
        score = recovered(regions, doing, 30.0)
        print(f"walkers {seed}: {found.regions.number} regions, {score}, {seconds:.0f} s of the processor", flush=True)


def _speed() -> None:
    """20,000 frames of 31 points: four flies' worth of channels that all move."""
    bodies, _ = flies(7)
    rng = np.random.default_rng(0)
    wide = []
    for body in bodies.each:
        mixed = body.values @ rng.normal(size=(body.values.shape[1], 62))
        wide.append(Body(body.recording, body.animal, mixed, body.motion, body.fps))
    many = replace(bodies, each=tuple(wide), channels=tuple(f"channel {k + 1}" for k in range(62)))
    found, _, seconds, recipe = mapped(many, Weights(), 0)
    print(f"20,000 frames x {recipe.wavelets.scales * 62} amplitudes: {seconds:.0f} s of the processor", flush=True)
    _, seconds = placed_on(many, found, recipe)
    print(f"new frames x 1,550: {20_000 / seconds:.0f} a second; peak memory {peak_memory():.0f} MiB", flush=True)


def _real(tracks: Path) -> None:
    bodies = without_motion(read_bodies([tracks], BodySettings()))
    maps = [mapped(bodies, Weights(), seed) for seed in (0, 1)]
    for found, regions, seconds, _ in maps:
        shares = np.sort(np.bincount(np.concatenate([r[r >= 0] for r in regions])))[::-1]
        text = " ".join(f"{share / shares.sum():.2f}" for share in shares[:10])
        print(f"{found.regions.number} regions ({text}), {seconds:.0f} s of the processor", flush=True)
    print(f"agreement of two seeds {agreement(maps[0][1], maps[1][1]):.3f}", flush=True)


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("flies", "walkers", "speed", "real"))
    parser.add_argument("tracks", type=Path, nargs="?")
    parser.add_argument("--seeds", default="2,3")
    given = parser.parse_args()
    print(describe())
    seeds = [int(seed) for seed in given.seeds.split(",")]
    if given.what == "real":
        _real(given.tracks)
    else:
        {"flies": lambda: _flies(seeds), "walkers": lambda: _walkers(seeds), "speed": _speed}[given.what]()


if __name__ == "__main__":
    main()
