"""`wormtwin posture test-page` and `clip`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datasets.options import PortOption
from datasets.posture.cli import posture_app
from neuron_models.foundation.errors import require
from neuron_models.foundation.extras import require_extra

if TYPE_CHECKING:
    from surrogates.posture.forced_choice.responses import Share


@posture_app.command("test-page")
def quiz(
    real: Annotated[Path, typer.Option(help="Midlines or amplitudes of real worms (.h5).")],
    simulated: Annotated[Path, typer.Option(help="Those of a model, such as `posture generate` writes.")],
    clips: Annotated[int, typer.Option(max=1000, help="How many to tell apart.")] = 20,
    examples: Annotated[int, typer.Option(max=100, help="How many labelled ones come first, 5 to 10.")] = 6,
    seconds: Annotated[float, typer.Option(max=3600, help="Length of a clip.")] = 60.0,
    results: Annotated[Path, typer.Option(help="Every choice is added to this file (.csv).")] = Path("results.csv"),
    observer: Annotated[str, typer.Option(help="Who answers, for the results.")] = "",
    seed: Annotated[int, typer.Option(help="Of clips, order and turns.")] = 0,
    port: PortOption = 8765,
) -> None:
    """Serve a web page that asks which clips show real worms and which a model's; Ctrl-C ends it."""
    from datasets.store import load_dataset
    from surrogates.pages.serving import serve_app
    from surrogates.posture.forced_choice.responses import outcome_of, require_answers_file
    from surrogates.posture.forced_choice.server import Sitting, make_app
    from surrogates.posture.forced_choice.stimuli import make_quiz

    require_extra("flask", extra="posture", purpose="a test page")
    require_answers_file(results)
    require(observer.isprintable(), "--observer must be one printable line")
    data = (load_dataset(real), load_dataset(simulated))
    quiz = make_quiz(*data, clips=clips, examples=examples, seconds=seconds, seed=seed)
    sitting = Sitting(quiz, results, observer)

    serve_app(partial(make_app, sitting), port)
    outcome = outcome_of(sitting.answers)
    print(f"\n{_text('accuracy', outcome.accuracy)}")
    print(_text("real ones called real (sensitivity)", outcome.sensitivity))
    print(_text("simulated ones called simulated (specificity)", outcome.specificity))
    print(f"{len(sitting.answers)} of {clips} clips answered, in {results}" if sitting.answers else "No answers.")


@posture_app.command("clip")
def clip(
    data: Annotated[Path, typer.Argument(help="Midlines or amplitudes (.h5).")],
    out: Annotated[Path, typer.Option(help="The film to write (.mp4 or .gif).")],
    trial: Annotated[int, typer.Option(help="Which recording, from 1.")] = 1,
    start: Annotated[float, typer.Option(help="Seconds from its first frame.")] = 0.0,
    seconds: Annotated[float, typer.Option(max=3600, help="Length of the clip.")] = 60.0,
    turn: Annotated[float, typer.Option(min=-3600, max=3600, help="Degrees by which all is turned to the left.")] = 0.0,
    speed: Annotated[float, typer.Option(max=100, help="Times real time.")] = 1.0,
    side: Annotated[int, typer.Option(max=4096, help="Of the square picture, in pixels.")] = 480,
) -> None:
    """Write a stretch of a recording as a film: the midline red, the head blue."""
    from datasets.store import load_dataset
    from surrogates.posture.forced_choice.clips import as_midlines, one_clip
    from surrogates.posture.forced_choice.films import require_film, write_film

    require_film(out)
    for package in ("imageio", "imageio_ffmpeg"):
        require_extra(package, extra="posture", purpose="writing films")
    shown = one_clip(as_midlines(load_dataset(data)), trial, start, seconds)
    write_film(shown.turned(turn), out, side=side, speed=speed)
    print(f"{shown.recording}, {seconds:g} s from {start:g} s on, in {out}")


def _text(what: str, share: "Share") -> str:
    if share.number == 0:
        return f"{what}: no such clip answered"
    interval = f"95 % interval {100 * share.low:.0f} to {100 * share.high:.0f} %"
    return f"{what}: {share.right} of {share.number}, {100 * share.share:.0f} % ({interval})"
