"""`wormtwin identity page`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from datasets.identity.cli import TracksArgument, identity_app
from datasets.options import PortOption
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.wording import counted


@identity_app.command("page")
def page(
    tracks: TracksArgument,
    out: Annotated[Path, typer.Option(help="The corrected identities (.h5); every change is written at once.")],
    video: Annotated[Path | None, typer.Option(help="The video, where it is not where it was tracked.")] = None,
    port: PortOption = 8768,
) -> None:
    """Serve a web page on which animals are exchanged from a frame on; Ctrl-C ends it."""
    from datasets.identity.identity_file import load_identities, load_page_arrays, require_identity_path
    from surrogates.identity.correction.server import Correction, make_app
    from surrogates.identity.report_cli import video_at_hand
    from surrogates.pages.serving import serve_app

    require_extra("flask", extra="posture", purpose="a page")
    require_identity_path(out)
    found = load_identities(tracks)
    correction = Correction(found, load_page_arrays(tracks), video_at_hand(found, tracks, video), out)

    serve_app(partial(make_app, correction), port)
    print(f"\n{counted(len(correction.exchanges), 'exchange')}{f' in {out}' if out.exists() else ''}")
