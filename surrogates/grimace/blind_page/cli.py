"""`wormtwin grimace page`."""

import contextlib
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from datasets.grimace.cli import grimace_app
from datasets.options import PortOption
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.wording import counted


@grimace_app.command("page")
def page(
    source: Annotated[Path, typer.Argument(help="A folder of photographs (a folder an animal), or a dataset (.h5).")],
    out: Annotated[Path, typer.Option(help="The folder for scores.csv and repeats.csv, continued if it exists.")],
    rater: Annotated[str, typer.Option(help="Your name, for the table.")],
    listed: Annotated[
        Path | None, typer.Option("--list", help="CSV of the folder: image, animal, and the face's box if you have it.")
    ] = None,
    repeats: Annotated[float, typer.Option(min=0, max=1, help="Share of faces that come again, unannounced.")] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="Of the order, which each rater has another of.")] = 0,
    port: PortOption = 8769,
) -> None:
    """Serve a web page on which people score faces blind, by keys; Ctrl-C ends it, the same command goes on."""
    from datasets.grimace.blind.faces import open_faces
    from datasets.grimace.blind.scoring import BlindScoring
    from datasets.grimace.blind.tables import REPEATS, SCORES, print_repeats, write_tables
    from datasets.grimace.units import NOT_ESTABLISHED
    from surrogates.grimace.blind_page.server import make_app
    from surrogates.pages.serving import bind, serve_app

    require_extra("flask", extra="posture", purpose="a page")
    bind(port).close()  # before anything is written
    faces = open_faces(source, listed)
    for line in faces.left_out:
        print(f"Left out: {line}")
    scoring = BlindScoring(faces, out, rater, repeats, seed)

    try:
        write_tables(scoring.entries, out)
        serve_app(partial(make_app, scoring), port)
        first, again = write_tables(scoring.entries, out)
    finally:
        scoring.journal.close()
    print(f"\n{counted(scoring.due, 'face')} of {len(scoring.order)} scored by {rater}")
    print(f"{counted(first, 'line')} in {out / SCORES}, {again} in {out / REPEATS}")
    with contextlib.suppress(InputError):  # nobody has scored two faces twice yet
        print_repeats(out / SCORES, out / REPEATS)
    print(NOT_ESTABLISHED)
