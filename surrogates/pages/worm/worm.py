"""The worm in three dimensions: one HTML file that draws all cells and, over time, their voltages.

three.js draws (MIT licence; the file that jupyter-threejs-sage ships is copied into the page).
"""

import base64
import importlib.resources
import re
from dataclasses import asdict
from importlib.resources.abc import Traversable
from pathlib import Path
from types import ModuleType
from typing import Any

from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.files import atomic_write
from surrogates.pages.colour_scale import ANCHORS, colour_scale
from surrogates.pages.packing import pack
from surrogates.pages.page import environment, require_page
from surrogates.pages.worm.worm_run import RANGES, WormRun
from surrogates.pages.worm.worm_shape import WormShape, worm_shape


def write_worm(path: Path, run: WormRun | None = None) -> Path:
    """Write the page, whole or not at all.

    Args:
        path: the HTML file.
        run: what to show over time; the cells by class only when None.

    Raises:
        InputError: the path is a folder, lies under a file, or does not end in .html; or three.js is not installed.
        OSError: it cannot be written there.
    """
    require_page(path)
    library = _library()
    shape = worm_shape()
    text = (
        environment("surrogates.pages.worm")
        .get_template("worm.html")
        .render(
            facts={"shape": _shape_facts(shape), "run": None if run is None else _run_facts(run), "scales": _scales()},
            run=run,
            missing=len(shape.cells) - len(run.recorded) if run else 0,
            library=library.read_text(encoding="utf-8"),
        )
    )
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
    return path


def _shape_facts(shape: WormShape) -> dict:
    return {
        "cells": [asdict(cell) for cell in shape.cells],
        "cables": shape.cables.ravel().tolist(),
        "points": asdict(pack(shape.points)),
        "diameters": asdict(pack(shape.diameters)),
    }


def _run_facts(run: WormRun) -> dict:
    facts: dict[str, Any] = {"voltages": asdict(pack(run.voltages)), "stimulus": asdict(pack(run.stimulus))}
    facts |= {"colour_range": run.colour_range, "ranges": RANGES}
    plain = ("name", "recorded", "step", "rest", "inputs", "stimulus_units", "stimulus_step", "outputs", "ablated")
    return facts | {key: getattr(run, key) for key in plain}


def _scales() -> dict[str, str]:
    return {ground: base64.b64encode(colour_scale(ground).tobytes()).decode() for ground in ANCHORS}


def _three() -> ModuleType:
    return require_extra("jupyter_threejs_sage", extra="worm", purpose="the worm's page")


def _library() -> Traversable:
    """The newest three.js of the installed package."""
    versions = importlib.resources.files(_three()) / "static"
    versions_by_number = {int(each.name[1:]): each for each in versions.iterdir() if re.fullmatch(r"r\d+", each.name)}
    return versions_by_number[max(versions_by_number)] / "three.min.js"
