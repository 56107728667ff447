"""`wormtwin identity report`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datasets.identity.cli import TracksArgument, identity_app
from neuron_models.foundation.errors import require

if TYPE_CHECKING:
    from datasets.identity.trajectories import Trajectories
    from datasets.video.video import Video


@identity_app.command("report")
def report(
    tracks: TracksArgument,
    out: Annotated[Path, typer.Option(help="The page to write (.html).")],
    video: Annotated[Path | None, typer.Option(help="The video, where it is not where it was tracked.")] = None,
) -> None:
    """Write a page: who was seen when, the map of looks, doubtful crossings and the commands that correct them."""
    from datasets.identity.identity_file import load_identities, load_page_arrays
    from surrogates.identity.report import write_report
    from surrogates.pages.page import require_page

    require_page(out)
    found, arrays = load_identities(tracks), load_page_arrays(tracks)
    opened = video_at_hand(found, tracks, video)
    print(f"The page is {write_report(found, arrays, opened, tracks, out)}")


def video_at_hand(found: "Trajectories", tracks: Path, video: Path | None) -> "Video | None":
    """The video of identities: the one that is named, or the one that they name where it is there, else None.

    Raises:
        InputError: it cannot be read, or has fewer frames than the identities.
    """
    from datasets.video.video import open_video

    place = video or Path(found.video)
    opened = open_video(place).readable() if video or place.exists() else None
    right = opened is None or len(opened) >= len(found.xy)
    require(right, f"{place} has fewer frames than the {len(found.xy)} of {tracks}: is it the video of these tracks?")
    return opened
