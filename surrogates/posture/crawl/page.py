"""A page on which a simulated worm crawls beside its neurons and muscles on one clock; a file of its own."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from connectome.muscles import MUSCLES, ROWS
from datasets.posture.body.mechanics import VARIANTS
from datasets.posture.loop.oscillator import OSCILLATOR
from datasets.posture.loop.recorded import Crawl
from neuron_models.foundation.files import atomic_write
from surrogates.pages.packing import pack
from surrogates.pages.page import environment, require_page

MOST_FRAMES = 6000
"""Longer crawls are drawn with fewer frames a second."""


def write_page(found: Crawl, beside: Mapping[str, Crawl], path: Path) -> Path:
    """Write the page, whole or not at all.

    Args:
        found: the crawl.
        beside: its controls, whose gaits stand in a table.
        path: of the page, ending in .html.

    Raises:
        InputError: the path is no place for a page.
    """
    require_page(path)
    settings = found.settings
    gaits = {"this crawl": found.gait.words, **{name: each.gait.words for name, each in beside.items()}}
    text = (
        environment("surrogates.posture.crawl")
        .get_template("crawl.html")
        .render(
            facts=_facts(found),
            gaits=gaits,
            network=found.network,
            oscillator=OSCILLATOR if settings.oscillator else "no oscillator",
            medium=settings.medium.name,
            body=VARIANTS[settings.variant].words,
            ablated=", ".join(settings.ablated) or "no neuron",
        )
    )
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
    return path


def _facts(found: Crawl) -> dict:
    every = max(1, -(-len(found.midlines) // MOST_FRAMES))
    kept = slice(None, None, every)
    depolarized = found.v[kept] - found.v[0]
    moving = np.argsort(-np.abs(depolarized).max(axis=0), kind="stable")
    return {
        "fps": found.settings.fps / every,
        "midlines": asdict(pack(found.midlines[kept, ::2])),
        "neurons": [found.names[index] for index in moving],
        "v": asdict(pack(np.arcsinh(depolarized[:, moving]))),
        "muscles": list(MUSCLES),
        "rows": [[index for index, name in enumerate(MUSCLES) if name.startswith(row)] for row in ROWS],
        "activations": asdict(pack(found.muscles[kept])),
        "gates": asdict(pack(found.gates[kept])),
    }
