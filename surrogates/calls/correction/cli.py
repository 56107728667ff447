"""`wormtwin calls page`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from datasets.calls.cli import ChannelOption, RecordingArgument, calls_app, parse_band, tell_faults, tell_left_out
from datasets.options import PortOption
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.wording import counted


@calls_app.command("page")
def page(
    recording: RecordingArgument,
    out: Annotated[
        Path, typer.Option(help="Every change is saved to this table (.csv); an existing one is continued.")
    ],
    calls: Annotated[Path | None, typer.Option(help="A table to begin from; the detector's calls by default.")] = None,
    channel: ChannelOption = 1,
    band: Annotated[str, typer.Option(help="Lowest and highest frequency, such as 30-120, in kHz.")] = "",
    port: PortOption = 8766,
) -> None:
    """Serve a web page on which calls are corrected, split, merged and heard; Ctrl-C ends it."""
    from datasets.calls.recording import open_recording
    from datasets.calls.tables.reading import read_calls
    from datasets.calls.tables.writing import form_of
    from surrogates.calls.correction.server import Correction, make_app
    from surrogates.calls.detection.tonal import TonalSettings, detect_tonal
    from surrogates.pages.serving import serve_app

    require_extra("flask", extra="calls", purpose="a page")
    form_of(out, "csv")
    opened = open_recording(recording)
    tell_faults(opened, channel)
    source = out if out.is_file() else calls
    if source is None:
        begun = detect_tonal(opened, TonalSettings(parse_band(band)), channel)
    else:
        table = read_calls(source)
        tell_left_out(table)
        begun = table.calls
    correction = Correction(opened, begun, out, channel, parse_band(band))

    serve_app(partial(make_app, correction), port)
    print(f"\n{counted(len(correction.calls), 'call')}, {correction.version} changes saved in {out}")
