"""The page of identities: who was seen when, the map of looks, crossings from the least sure on, and corrections."""

import shlex
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from datasets.dataset import ArrayLike
from datasets.identity.correcting import Exchange
from datasets.identity.plots import plot_crossing, plot_map, plot_statuses
from datasets.identity.repairing.table import odds_in_words
from datasets.identity.trajectories import STATUS, Crossing, Trajectories
from neuron_models.foundation.wording import counted
from surrogates.pages import blocks
from surrogates.pages.page import write_page

_LEAD = (
    "Which animal is which, how surely, and where a person should look. A place is found where the animal was seen "
    "alone, inferred through a crossing or a short gap, lost elsewhere."
)
_SHOWN = 24
"""Crossings of which the frames are drawn."""


def write_report(
    tracks: Trajectories,
    arrays: Mapping[str, np.ndarray],
    video: ArrayLike | None,
    source: Path,
    out: Path,
) -> Path:
    """Write the page and its figures.

    Args:
        tracks: of the file.
        arrays: what the file keeps for the page.
        video: (frame, channel, height, width) in grey values; without it crossings have no pictures.
        source: the file, which the commands name.
        out: the page (.html).
    """
    sections = [_summary(tracks, source), _over_time(tracks)]
    if "points" in arrays:
        sections.append(_map(tracks, arrays))
    sections.append(_crossings(tracks, video, source))
    return write_page(blocks.Page(f"Identities in {Path(tracks.video).name}", _LEAD, tuple(sections)), out)


def _summary(tracks: Trajectories, source: Path) -> blocks.Section:
    number, animals = tracks.status.shape
    doubtful = sum(crossing.doubtful for crossing in tracks.crossings)
    looks = "not used" if np.isnan(tracks.silhouette) else f"silhouette {tracks.silhouette:.2f} (0.91 or more is sure)"
    facts = {
        "File": str(source),
        "Video": tracks.video,
        "Length": f"{counted(number, 'frame')} at {tracks.fps:g} a second",
        "Animals": str(animals),
        "Looks": looks,
        "Crossings": f"{len(tracks.crossings)}, {doubtful} of them doubtful (odds below 20 to 1)",
    }
    shares = [[100.0 * float((tracks.status[:, who] == k).mean()) for k in range(3)] for who in range(animals)]
    table = blocks.TableBlock(
        (blocks.Column("animal"), *(blocks.Column(state, "% of frames") for state in STATUS)),
        (blocks.Rows(tuple((name, *share) for name, share in zip(tracks.names, shares, strict=True))),),
        "How often each animal was seen",
    )
    return blocks.Section("Animals", (*(blocks.Note(note) for note in tracks.notes), blocks.KeyValues(facts), table))


def _over_time(tracks: Trajectories) -> blocks.Section:
    words = "A bar for each animal: found (solid), inferred (pale), lost (gap); a black stroke is a doubtful crossing."
    return blocks.Section(
        "Over time", (blocks.FigureBlock("identities-over-time", plot_statuses(tracks), words, words),)
    )


def _map(tracks: Trajectories, arrays: Mapping[str, np.ndarray]) -> blocks.Section:
    animal = arrays["point_animal"].astype(int)
    figure, share = plot_map(arrays["points"].astype(float), animal, tracks.names)
    words = (
        f"{counted(len(animal), 'picture')} of single animals on the network's map of {arrays['points'].shape[1]} "
        f"dimensions, in the plane that holds {100 * share:.0f} % of their variance. Animals that look different make "
        "clusters apart; clusters that touch here may be apart in another dimension."
    )
    return blocks.Section("Looks", (blocks.FigureBlock("identities-map", figure, words, "Clusters of animals' looks"),))


def _crossings(tracks: Trajectories, video: ArrayLike | None, source: Path) -> blocks.Section:
    ranked = sorted(tracks.crossings, key=lambda crossing: crossing.odds)
    doubtful = [crossing for crossing in ranked if crossing.doubtful]
    text = (
        f"{len(doubtful)} of {counted(len(ranked), 'crossing')} are doubtful and come first. Look at the names before "
        "and after, and run the command where they are exchanged."
        if doubtful
        else f"None of {counted(len(ranked), 'crossing')} is doubtful."
    )
    chosen = [crossing for crossing in ranked if len(crossing.animals) > 1][: max(6, min(len(doubtful), _SHOWN))]
    parts = tuple(_crossing(tracks, video, source, each, number) for number, each in enumerate(chosen, start=1))
    left = len(doubtful) - len(parts)
    more = (blocks.Note(f"{counted(left, 'doubtful crossing')} more are not shown here"),) if left > 0 else ()
    return blocks.Section("Crossings", (blocks.Paragraph(text), *_without(video), *parts, *more))


def _without(video: ArrayLike | None) -> tuple[blocks.Block, ...]:
    if video is not None:
        return ()
    return (blocks.Note("The video is not at hand, so that there are no pictures: name it by --video."),)


def _crossing(
    tracks: Trajectories, video: ArrayLike | None, source: Path, crossing: Crossing, number: int
) -> blocks.Section:
    who = [tracks.names[k] for k in crossing.animals]
    title = f"Frames {crossing.first} to {crossing.last}: {', '.join(who)}"
    odds = odds_in_words(crossing.odds)
    facts = {"Odds": f"{odds}{' (doubtful)' if crossing.doubtful else ''}"}
    frame = min(crossing.last + 1, len(tracks.xy) - 1)
    pairs = [(a, b) for k, a in enumerate(who) for b in who[k + 1 :]]
    for first, second in pairs[:3]:
        facts[f"To exchange {first} and {second}"] = correction(source, Exchange(first, second, frame))
    parts: tuple[blocks.Block, ...] = (blocks.KeyValues(facts),)
    if video is not None:
        words = "Before, in and after it. Filled circles were found, hollow ones inferred."
        figure = blocks.FigureBlock(f"crossing-{number}", plot_crossing(video, tracks, crossing), words, title)
        parts = (figure, *parts)
    return blocks.Section(title, parts)


def correction(source: Path, exchange: Exchange) -> str:
    """The command that exchanges two animals from a frame on.

    >>> correction(Path("t.h5"), Exchange("ann", "bob", 120))
    'wormtwin identity correct t.h5 --exchange ann,bob,120 --out t.corrected.h5'
    """
    out = source.with_name(f"{source.stem}.corrected.h5")
    words = ["wormtwin", "identity", "correct", str(source), "--exchange", exchange.text, "--out", str(out)]
    return shlex.join(words)
