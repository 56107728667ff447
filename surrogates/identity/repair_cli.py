"""`wormtwin identity repair`."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.identity.cli import identity_app
from neuron_models.foundation.errors import require
from neuron_models.foundation.wording import counted
from surrogates.identity.options import AreaOption, BatchesOption, SeedOption, ShadeOption, ThresholdOption


@identity_app.command("repair")
def repair(
    tracks: Annotated[Path, typer.Argument(help="Tracks of any tool: .slp, .h5, .csv, .nwb, .json.")],
    video: Annotated[Path, typer.Option(help="The video that they are of, or a folder of images.")],
    out: Annotated[Path, typer.Option(help="The tracks to write; its name tells the kind.")],
    to: Annotated[str, typer.Option(help="The kind: slp, analysis, dlc, nwb, coco or tracks.")] = "",
    animals: Annotated[
        int | None, typer.Option(help="How many animals there are; as many as tracks in one frame by default.")
    ] = None,
    table: Annotated[Path | None, typer.Option(help="Write what was exchanged here, too (.csv or .json).")] = None,
    appearance: Annotated[bool, typer.Option(help="Learn what each animal looks like.")] = True,
    shade: ShadeOption = "auto",
    threshold: ThresholdOption = None,
    least_area: AreaOption = None,
    batches: BatchesOption = 3000,
    seed: SeedOption = 0,
) -> None:
    """Find where another tool exchanged animals, and undo it; key points and their scores stay as they are."""
    from datasets.identity.repairing.table import print_meetings, save_meetings
    from datasets.identity.repairing.tool_tracks import read_tool_tracks, require_kind
    from datasets.segmentation.regions import SegmentSettings
    from datasets.topics import write_point_tracks
    from datasets.video.video import VideoEndedError, open_video
    from neuron_models.foundation.files import require_writable
    from surrogates.identity.appearance import LearningSettings
    from surrogates.identity.repairing import Repaired, RepairSettings, repair_tracks

    settings = RepairSettings(
        animals, SegmentSettings(shade, threshold, least_area), LearningSettings(most=batches, seed=seed), appearance
    )
    for file in (out, *((table,) if table else ())):
        require(not file.exists(), f"{file} exists: delete it or choose another name")
        require_writable(file)
    require(table is None or table.suffix in (".csv", ".json"), f"--table {table}: ends in .csv or .json")
    whole = open_video(video, grey=True)
    tool = read_tool_tracks(tracks, len(whole), video)
    require_kind(tool.points, out, to)
    opened = whole.readable()

    def save(found: Repaired) -> None:
        if table:
            save_meetings(found.meetings, found.names, table)
        write_point_tracks(found.points, out, to)

    repaired = repair_tracks(opened, tool, str(tracks), out, settings, save)
    print_meetings(repaired.meetings, repaired.names)
    for note in repaired.notes:
        print(f"Note: {note}")
    exchanged = sum(meeting.exchanged for meeting in repaired.meetings)
    doubtful = sum(meeting.doubtful for meeting in repaired.meetings)
    met = counted(len(repaired.meetings), "meeting")
    print(f"{counted(exchanged, 'exchange')} undone, {doubtful} of {met} in doubt")
    print(f"{counted(len(repaired.names), 'animal')} in {out}")
    if len(opened) < len(whole):
        raise VideoEndedError(str(video), len(opened), len(whole))


def register(app: typer.Typer) -> None:
    """Nothing is mounted here; `datasets.identity.cli` mounts the group."""
