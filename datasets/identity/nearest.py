"""The plain tracker that others are compared with: each animal goes on as the nearest region, the sum being least."""

import numpy as np
from jaxtyping import Float

from datasets.identity.detections import Detections


def nearest_tracks(regions: Detections, animals: int) -> Float[np.ndarray, "frame animal 2"]:
    """Tracks (px) by the Hungarian method from frame to frame; NaN where no region is left for an animal.

    Args:
        regions: of all frames.
        animals: how many there are; the first frame with as many regions begins.
    """
    from scipy.optimize import linear_sum_assignment

    tracks = np.full((regions.frames, animals, 2), np.nan)
    xy, frame = regions.xy, regions.frame
    edges = np.searchsorted(frame, np.arange(regions.frames + 1))
    number = np.diff(edges)
    start = int(np.argmax(number >= animals))
    for way in (1, -1):
        last = xy[edges[start] : edges[start] + animals]
        last = np.concatenate([last, np.full((animals - len(last), 2), xy[0])]) if len(last) < animals else last
        for now in range(start, regions.frames if way > 0 else -1, way):
            found = xy[edges[now] : edges[now + 1]]
            if not len(found):
                continue
            away = np.hypot(*(last[:, None] - found).transpose(2, 0, 1))
            who, which = linear_sum_assignment(away)
            tracks[now, who] = found[which]
            last = np.where(np.isnan(tracks[now]), last, tracks[now])
    return tracks
