"""The page of a map: point at a region and see what animals do there; an ethogram; tables. A file of its own."""

import base64
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from datasets.behaviour.mapping.regions_table import RegionBout, linked_points
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.numerals import listed, significant
from neuron_models.foundation.wording import counted
from surrogates.behaviour.map.plots import region_summits
from surrogates.behaviour.map.results import MapResults, regions_table
from surrogates.pages import blocks
from surrogates.pages.packing import pack
from surrogates.pages.page import environment, require_page

_CELLS = 128
"""Cells along a side of the map on the page."""
_FRAMES = 40
"""The most frames of a clip on the page."""
_WIDEST = 24
"""The most columns of a table on the page; the whole tables lie beside it."""
_MOST_BOUTS = 200_000
"""Bouts in the ethogram of a page: the animals after them are left to the tables."""


def write_map_page(results: MapResults, path: Path) -> Path:
    """Write the page, whole or not at all.

    Raises:
        InputError: the path is no place for a page.
    """
    require_page(path)
    on = sum(int((each.regions >= 0).sum()) for each in results.placed)
    text = (
        environment("surrogates.behaviour.map")
        .get_template("map.html")
        .render(
            facts=_facts(results),
            animals=counted(len(results.bodies.each), "animal"),
            frames=f"{on:,}",
            number=counted(len(results.names), "region"),
            alike=_alike(results),
            tables=_tables(results),
        )
    )
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
    return path


def _alike(results: MapResults) -> str:
    """In what frames are compared, in words."""
    weights, wavelets = results.stored.recipe.weights, results.stored.recipe.wavelets
    rhythm = f"move alike, at {significant(wavelets.lowest)} to {significant(wavelets.highest)} Hz"
    words = {rhythm: weights.rhythm, "hold themselves alike": weights.posture, "go about alike": weights.motion}
    return listed([each for each, weight in words.items() if weight > 0])


def _facts(results: MapResults) -> dict[str, Any]:
    regions = results.stored.map.regions
    step = len(regions.labels) // _CELLS
    density = regions.density.reshape(_CELLS, step, _CELLS, step).mean(axis=(1, 3))
    table = regions_table(results)
    return {
        "cells": _CELLS,
        "density": asdict(pack(np.sqrt(density / density.max()))),
        "labels": base64.b64encode(regions.labels[::step, ::step].astype("<u2").tobytes()).decode(),
        "summits": ((np.array(region_summits(results)) - regions.low) / regions.side).tolist(),
        "regions": [
            {
                "name": label, "share": f"{100 * row.share:.1f} %", "bouts": significant(row.bouts),
                "bout": significant(row.median_bout_s), "peak": significant(row.stands_out_hz),
            }
            for label, row in zip(results.labels, table.itertuples(index=False), strict=True)
        ],
        "clips": [[_clip(results, clip) for clip in each] for each in results.clips],
        "links": _links(results),
        "animals": _animals(results),
    }  # fmt: skip


def _clip(results: MapResults, clip: RegionBout) -> dict[str, Any]:
    body = results.bodies.each[clip.body]
    every = max(1, -(-(clip.end - clip.start) // _FRAMES))
    rows = np.arange(clip.start, clip.end, every)
    known = np.isfinite(body.values[rows]).all(axis=1)
    rows = rows[known]
    points = results.bodies.outline(body.values[rows])
    where = f"{body.name}, {clip.start / body.fps:.2f} to {clip.end / body.fps:.2f} s"
    return {"where": where, "fps": body.fps / every, "points": asdict(pack(points))}


def _links(results: MapResults) -> list[tuple[int, int]]:
    """Which points are joined by lines: the next along a worm, what keeps its distance in tracks."""
    body = max(results.bodies.each, key=lambda each: int(each.known().sum()))
    rows = np.flatnonzero(body.known())
    points = results.bodies.outline(body.values[rows[:: max(1, len(rows) // 500)]])
    if 2 * points.shape[1] != len(results.bodies.channels):
        return [(k, k + 1) for k in range(points.shape[1] - 1)]
    apart = np.linalg.norm(points[:, :, None] - points[:, None], axis=3)
    return linked_points(points.mean(axis=0), apart.std(axis=0))


def _animals(results: MapResults) -> list[dict[str, Any]]:
    by_body: dict[int, list[RegionBout]] = {}
    for bout in results.bouts[:_MOST_BOUTS]:
        by_body.setdefault(bout.body, []).append(bout)
    return [
        {
            "name": body.name,
            "fps": body.fps,
            "frames": len(body.values),
            "bouts": [number for bout in by_body.get(index, []) for number in (bout.start, bout.end, bout.region)],
        }
        for index, body in enumerate(results.bodies.each)
        if len(results.bouts) <= _MOST_BOUTS or index in by_body
    ]


def _tables(results: MapResults) -> tuple[blocks.Block, ...]:
    shown = results.labels[:_WIDEST]
    columns = tuple(blocks.Column(label, "%") for label in shown)
    left_out = f" The first {_WIDEST} regions." if len(results.names) > _WIDEST else ""
    animals: tuple[tuple[blocks.Value | blocks.Cell, ...], ...] = tuple(
        (body.name, *(float(100 * share) for share in row[: len(shown)]))
        for body, row in zip(results.bodies.each, results.shares, strict=True)
    )
    leaving = np.maximum(results.transitions.sum(axis=1, keepdims=True), 1)
    share = 100 * results.transitions / leaving
    after: tuple[tuple[blocks.Value | blocks.Cell, ...], ...] = tuple(
        (label, *(float(share[index, k]) if k != index else None for k in range(len(shown))))
        for index, label in enumerate(shown)
    )
    return (
        blocks.TableBlock(
            (blocks.Column("animal"), *columns),
            (blocks.Rows(animals[:200]),),
            f"The share of each animal's time on the map in every region.{left_out} All are in animals.csv.",
        ),
        blocks.TableBlock(
            (blocks.Column("from"), *columns),
            (blocks.Rows(after),),
            "Of the bouts that follow one of a region at once, the share in every other."
            f"{left_out} Counts are in transitions.csv.",
        ),
    )
