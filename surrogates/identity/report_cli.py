"""`wormtwin identity report`."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.identity.cli import TracksArgument, identity_app
from neuron_models.foundation.errors import require


@identity_app.command("report")
def report(
    tracks: TracksArgument,
    out: Annotated[Path, typer.Option(help="The page to write (.html).")],
    video: Annotated[Path | None, typer.Option(help="The video, where it is not where it was tracked.")] = None,
) -> None:
    """Write a page: who was seen when, the map of looks, doubtful crossings and the commands that correct them."""
    from datasets.identity.identity_file import load_identities, load_page_arrays
    from datasets.video.video import open_video
    from surrogates.identity.report import write_report
    from surrogates.pages.page import require_page

    require_page(out)
    found, arrays = load_identities(tracks), load_page_arrays(tracks)
    place = video or Path(found.video)
    opened = open_video(place, grey=True).readable() if video or place.exists() else None
    right = opened is None or len(opened) >= len(found.xy)
    require(right, f"{place} has fewer frames than the {len(found.xy)} of {tracks}: is it the video of these tracks?")
    print(f"The page is {write_report(found, arrays, opened, tracks, out)}")
