"""What is to be known of identities that were found: what was left out, and what nobody can tell."""

from dataclasses import replace

import numpy as np
from jaxtyping import Int

from datasets.identity.detections import Detections, faint_in_words
from datasets.identity.fragments import Fragments
from datasets.identity.trajectories import LOST, Trajectories
from datasets.segmentation.regions import Scene
from neuron_models.foundation.wording import counted
from surrogates.identity.appearance import Appearance

LEAST_SILHOUETTE = 0.5
"""Below it clusters run into one another: whether they are the animals, those that are seen at once must say."""
_LEAST_AGAIN = 0.5
"""Of pictures that the training did not see, above chance (0) and up to 1: below it the network learned by heart."""
_APART = 0.97  # of coexisting fragments; below it the clusters are not the animals


def scene_notes(scene: Scene, why_not: str, rest_on: str) -> tuple[str, ...]:
    """What is to be known of a video's scene, and what identities rest on where looks could not be learned."""
    unlearned = f"what the animals look like could not be learned ({why_not}): {rest_on}" if why_not else ""
    return tuple(note for note in (faint_in_words(scene), unlearned) if note)


def notes_on(
    tracks: Trajectories,
    regions: Detections,
    fragments: Fragments,
    animal: Int[np.ndarray, " fragment"],
    appearance: Appearance | None,
) -> Trajectories:
    """The tracks with notes in words."""
    doubtful = sum(crossing.doubtful for crossing in tracks.crossings)
    notes = []
    if appearance is not None and looks_in_doubt(appearance):
        notes.append(looks_in_doubt(appearance))
    left = [len(fragments.rows[k]) for k in np.flatnonzero(fragments.single & (animal < 0))]
    if left:
        notes.append(f"{counted(sum(left), 'region')} in {counted(len(left), 'fragment')} belong to no animal")
    if doubtful:
        notes.append(f"{doubtful} of {counted(len(tracks.crossings), 'crossing')} are doubtful")
    for who, name in enumerate(tracks.names):
        lost = np.flatnonzero(tracks.status[:, who] == LOST)
        if len(lost) > 0.05 * regions.frames:
            notes.append(f"{name} is lost in {100 * len(lost) / regions.frames:.0f} % of the frames")
    return replace(tracks, notes=tuple(notes))


def tells_apart(appearance: Appearance) -> bool:
    """Whether looks say who is who: pictures that the training did not see lie in their clusters, which are apart.

    They are apart where the silhouette says so, or where animals that are seen at once lie in different ones.
    """
    again = appearance.known_again
    if appearance.silhouette >= LEAST_SILHOUETTE:
        return not again < _LEAST_AGAIN
    return appearance.told_apart >= _APART and again >= _LEAST_AGAIN


def looks_in_doubt(appearance: Appearance) -> str:
    """That looks do not tell the animals apart, in words; empty where they do."""
    if tells_apart(appearance) and appearance.told_apart >= _APART:
        return ""
    again = "" if np.isnan(appearance.known_again) else f", {100 * max(appearance.known_again, 0):.0f} % known again"
    return (
        "these animals cannot be told apart by their looks "
        f"(silhouette {appearance.silhouette:.2f}, {100 * appearance.told_apart:.0f} % of those seen at once look "
        f"different{again}): after a crossing nobody can tell who is who but by how they moved"
    )
