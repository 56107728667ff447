"""`wormtwin grimace score` and `explain`: what a model says of pictures and videos, and where it looks."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.grimace.cli import grimace_app
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_figure_path, require_writable
from neuron_models.foundation.wording import counted

ModelOption = Annotated[Path, typer.Option(help="A model.keras that `wormtwin train` wrote.")]
BoxOption = Annotated[
    str, typer.Option(help="Left, top, width, height of the face, px, or middle; the face is found when empty.")
]


@grimace_app.command("score")
def score(
    sources: Annotated[list[Path], typer.Argument(help="Pictures of faces, or one video.")],
    model: ModelOption,
    out: Annotated[Path, typer.Option(help="The table to write (.csv).")],
    box: BoxOption = "",
    confidence: Annotated[float, typer.Option(min=0, max=1, help="Below it the model abstains.")] = 0.6,
    window: Annotated[float, typer.Option(max=86_400, help="Of a video: seconds a score.")] = 10.0,
    best: Annotated[int, typer.Option(max=1000, help="Of a video: sharpest and most frontal frames of a window.")] = 5,
) -> None:
    """Score faces: five units, pain, how sure each is, abstentions. Accuracy on animals is not established."""
    from datasets.grimace.units import NOT_ESTABLISHED
    from datasets.video.video import MOVIES, open_video
    from surrogates.grimace.scoring import require_scorer, score_pictures, score_video, write_answers
    from surrogates.runs.model_file import load_model

    require(out.suffix == ".csv", f"--out must end in .csv, got {out.name!r}")
    require_writable(out)
    network, signature = load_model(model)
    size, place = require_scorer(signature, model), _box(box)
    films = [path for path in sources if path.suffix.lower() in MOVIES]
    if films:
        require(len(sources) == 1, "one video at a time, and no pictures with it")
        answers = score_video(network, size, open_video(films[0], grey=False), place, window, best)
    else:
        answers = score_pictures(network, size, sources, place)
    abstained = write_answers(answers, out, confidence)
    scored = sum(answer.shares is not None for answer in answers)
    print(f"{counted(scored, 'face')} in {out}; {counted(abstained, 'abstention')}")
    print(NOT_ESTABLISHED)


@grimace_app.command("explain")
def explain(
    picture: Annotated[Path, typer.Argument(help="A picture of a face.")],
    model: ModelOption,
    out: Annotated[Path, typer.Option(help="The figure to write (.png or .svg).")],
    output: Annotated[str, typer.Option(help="pain, or a unit.")] = "pain",
    box: BoxOption = "",
) -> None:
    """Draw where a model looks: how much its score falls when a part of the face is covered."""
    from datasets.grimace.pictures import seen_picture
    from datasets.grimace.units import OUTPUTS
    from datasets.plots import save_figure
    from surrogates.grimace.plots import plot_occlusion
    from surrogates.grimace.scoring import face_in, occlusion, require_scorer
    from surrogates.runs.model_file import load_model

    require(output in OUTPUTS, f"--output must be one of {', '.join(OUTPUTS)}, got {output!r}")
    require_figure_path(out)
    network, signature = load_model(model)
    size = require_scorer(signature, model)
    face = face_in(seen_picture(picture), size, _box(box), str(picture))
    print(f"Figure: {save_figure(plot_occlusion(face, occlusion(network, face, output), output), out)}")


def _box(text: str) -> tuple[float, float, float, float] | str | None:
    if text in ("", "middle"):
        return text or None
    try:
        left, top, wide, high = (float(each) for each in text.split(","))
    except ValueError:
        raise InputError(f"--box is left,top,width,height in px, or middle, got {text!r:.40}") from None
    return left, top, wide, high


def register(app: typer.Typer) -> None:
    """Mount the commands of the other modules; `datasets.grimace.cli` mounts the group."""
    import surrogates.grimace.blind_page.cli
    import surrogates.grimace.finder.cli  # noqa: F401
