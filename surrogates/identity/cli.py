"""`wormtwin identity track`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datasets.identity.cli import identity_app
from neuron_models.foundation.wording import counted
from surrogates.identity import match_cli, repair_cli, report_cli  # noqa: F401 they add their commands
from surrogates.identity.correction import cli as correction_cli  # noqa: F401
from surrogates.identity.options import (
    AreaOption,
    BatchesOption,
    SeedOption,
    ShadeOption,
    ThresholdOption,
    VideoArgument,
)

if TYPE_CHECKING:
    from datasets.identity.trajectories import Trajectories


@identity_app.command("track")
def track(
    video: VideoArgument,
    animals: Annotated[int, typer.Option(help="How many animals the video shows.")],
    out: Annotated[Path, typer.Option(help="The identities to write (.h5).")],
    shade: ShadeOption = "auto",
    threshold: ThresholdOption = None,
    least_area: AreaOption = None,
    appearance: Annotated[bool, typer.Option(help="Learn what each animal looks like.")] = True,
    batches: BatchesOption = 3000,
    gap: Annotated[float, typer.Option(help="Longest gap in s over which places are inferred.")] = 1.0,
    seed: SeedOption = 0,
) -> None:
    """Track every animal through the whole video; what was found before a stop is not sought again."""
    from datasets.identity.identity_file import require_identity_path, save_identities
    from datasets.segmentation.regions import SegmentSettings
    from datasets.video.video import VideoEndedError, open_video
    from surrogates.identity.appearance import LearningSettings
    from surrogates.identity.page_arrays import page_arrays
    from surrogates.identity.tracking import Tracked, TrackingSettings, track_video

    require_identity_path(out)
    settings = TrackingSettings(
        animals,
        SegmentSettings(shade, threshold, least_area),
        LearningSettings(most=batches, seed=seed),
        appearance,
        gap,
    )
    whole = open_video(video, grey=True)
    opened = whole.readable()

    def save(found: Tracked) -> None:
        save_identities(found.trajectories, out, page_arrays(found))

    tracked = track_video(opened, str(video), out, settings, opened.fps, save)
    _tell(tracked.trajectories)
    print(f"{counted(len(opened), 'frame')} of {counted(animals, 'animal')} in {out}")
    if len(opened) < len(whole):
        raise VideoEndedError(str(video), len(opened), len(whole))


def _tell(tracks: "Trajectories") -> None:
    from datasets.identity.trajectories import STATUS

    for who, name in enumerate(tracks.names):
        print(
            f"{name}: "
            + ", ".join(f"{state} {int((tracks.status[:, who] == k).sum())}" for k, state in enumerate(STATUS))
        )
    for note in tracks.notes:
        print(f"Note: {note}")


def register(app: typer.Typer) -> None:
    """Mount the commands of the other modules; `datasets.identity.cli` mounts the group."""
