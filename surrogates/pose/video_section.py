"""What a report says of a video in which animals were followed."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from datasets.plots import COLOURS, tidy
from datasets.pose.drawing.skeletons import draw_skeletons
from neuron_models.foundation.wording import counted
from surrogates.pages import blocks
from surrogates.pose.demo_video import CROPS, DRAWN, TRACKS, VIDEO, Followed


def video_section(followed: Followed) -> blocks.Section:
    """How well key points were found in the video's pixels, with a frame of it."""
    away, tracks = followed.away, followed.tracks
    near = (away[np.isfinite(away)] <= 0.025 * followed.length).mean()
    text = (
        f"In {counted(len(tracks), 'frame')} with {counted(away.shape[1], 'animal')} each, "
        f"{100 * np.isfinite(away).any(axis=2).mean():.1f} % of the animals were found. Their key points are "
        f"{np.nanmedian(away):.2f} px of the video off (median), {100 * near:.1f} % within 2.5 % of the body length."
    )
    columns = {f"{name} (px)": np.nanmedian(away[:, k], axis=1) for k, name in enumerate(tracks.animals)}
    figure = blocks.FigureBlock(
        "video",
        plot_followed(followed),
        "A frame with what was found and the paths of both animals; the median error of each frame.",
        "A picture of an arena with two animals, and a curve of the error over time for each.",
        pd.DataFrame({"frame": tracks.frames} | columns),
    )
    files = f"The video is {VIDEO}, the crops are {CROPS}, what was found is {TRACKS}, drawn into {DRAWN}."
    return blocks.Section("In a video", (blocks.Note(text), figure, blocks.Paragraph(files)))


def plot_followed(followed: Followed) -> Figure:
    """Draw the middle frame with the skeletons and paths of its animals, and the median error over time."""
    tracks = followed.tracks
    middle = len(tracks) // 2
    (image,) = followed.video.frames([int(tracks.frames[middle])])
    figure = Figure(figsize=(8.6, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.imshow(draw_skeletons(image, tracks.xy[middle], tracks.skeleton, by_animal=True))
    for animal, name in enumerate(tracks.animals):
        path = np.nanmean(tracks.xy[:, animal], axis=1)
        left.plot(path[:, 0], path[:, 1], color="white", lw=0.8)
        error = np.nanmedian(followed.away[:, animal], axis=1)
        right.plot(tracks.frames / tracks.fps, error, color=COLOURS[animal], lw=1.0, label=name)
    left.set_xlabel("x (px)")
    left.set_ylabel("y (px)")
    right.set_xlabel("time (s)")
    right.set_ylabel("median error (px)")
    right.set_ylim(bottom=0)
    right.legend(fontsize=8, frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    tidy([right])
    return figure
