"""`wormtwin grimace`: scored photographs in, generated faces, agreement of raters."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.options import OutOption, parse_names
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.wording import counted

grimace_app = typer.Typer(
    no_args_is_help=True,
    help="Facial grimace of mice: units, pain, raters. Accuracy on animals is not established.",
)


def require_dataset_path(out: Path) -> None:
    """Raise an `InputError` unless a dataset file can be written there, before work is done for it."""
    require(out.suffix in (".h5", ".hdf5"), f"--out {out}: a dataset file's name ends in .h5")
    require_writable(out)


@grimace_app.command("make-sample")
def make_sample_(
    out: OutOption,
    animals: Annotated[int, typer.Option(help="Individuals, a trial each.")] = 20,
    images: Annotated[int, typer.Option(help="Of each, half of them in pain.")] = 20,
    coats: Annotated[str, typer.Option(help="white, black, agouti, brown; all when empty.")] = "",
    size: Annotated[int, typer.Option(help="Sides of the images, a multiple of 32 px.")] = 128,
    bars: Annotated[float, typer.Option(min=0, max=1, help="Share of images behind bars of a cage.")] = 0.15,
    blur: Annotated[float, typer.Option(min=0, max=20, help="The most, px of 128.")] = 1.2,
    yaw: Annotated[float, typer.Option(min=0, max=1, help="How far faces look aside at most.")] = 0.35,
    raters: Annotated[int, typer.Option(help="Simulated, beside the truth.")] = 0,
    slips: Annotated[float, typer.Option(min=0, max=1, help="Share of a rater's scores that are off by one.")] = 0.15,
    folder: Annotated[Path | None, typer.Option("--images-to", help="Write images and scores.csv here too.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of all random draws.")] = 0,
) -> None:
    """Generate faces whose units are known exactly, from curves: no photographs, and no claim about animals."""
    from datasets.grimace.generator.face import COATS, Conditions
    from datasets.grimace.generator.sample import SampleSettings, make_sample, write_sample
    from datasets.grimace.units import NOT_ESTABLISHED
    from datasets.store import save_dataset

    require_dataset_path(out)
    conditions = Conditions(yaw=yaw, blur=blur, bars=bars)
    settings = SampleSettings(
        animals, images, parse_names(coats) or tuple(COATS), size, conditions, raters, slips, seed
    )
    dataset = make_sample(settings)
    save_dataset(dataset, out)
    print(f"{counted(animals * images, 'face')} of {counted(animals, 'animal')} in {out}")
    if folder is not None:
        print(f"{counted(write_sample(dataset, folder), 'image')} and scores.csv in {folder}")
    print(NOT_ESTABLISHED)


@grimace_app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="The folder of the photographs.")],
    scores: Annotated[Path, typer.Option(help="CSV: image, animal, five units 0-2 or pain 0/1, rater, box.")],
    out: OutOption,
    size: Annotated[int, typer.Option(help="Sides of the squares, a multiple of 32 px.")] = 128,
) -> None:
    """Read scored photographs of faces; a trial an animal, so that no split divides one."""
    from datasets.grimace.importing import import_faces
    from datasets.grimace.units import NOT_ESTABLISHED
    from datasets.store import save_dataset

    require_dataset_path(out)
    dataset = import_faces(folder, scores, size, out.stem)
    save_dataset(dataset, out)
    print(f"{counted(sum(map(len, dataset)), 'face')} of {counted(len(dataset), 'animal')} in {out}")
    print(NOT_ESTABLISHED)


@grimace_app.command("agree")
def agree(
    scores: Annotated[Path, typer.Argument(help="CSV: image, animal, rater and scores.")],
    machine: Annotated[Path | None, typer.Option(help="Scores of a model, as one more rater (a CSV alike).")] = None,
    repeats: Annotated[
        Path | None, typer.Option(help="The repeats.csv of `grimace page`: each rater against themself.")
    ] = None,
) -> None:
    """Agreement of raters: kappa of each two and the intraclass correlation, with a model as one more rater."""
    from datasets.grimace.blind.tables import print_repeats
    from datasets.grimace.importing import load_scores
    from datasets.grimace.rater_table import print_agreement
    from datasets.grimace.units import NOT_ESTABLISHED

    if repeats is not None:
        print_repeats(scores, repeats)
    if repeats is None or machine is not None or load_scores(scores)["rater"].nunique() > 1:
        print_agreement(scores, machine)
    print(NOT_ESTABLISHED)


def register(app: typer.Typer) -> None:
    """Mount this topic's commands."""
    app.add_typer(grimace_app, name="grimace")
