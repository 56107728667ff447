"""`wormtwin posture generate`, `compare` and `sizes`: worms from a network, and how real they are."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.options import DataArgument, DataOption, OutOption, parse_numbers
from datasets.posture.cli import posture_app
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_figure_path, require_writable
from neuron_models.foundation.wording import counted

SeedOption = Annotated[int, typer.Option(help="Seed of all random draws.")]


@posture_app.command("generate")
def generate(
    model: Annotated[Path, typer.Option(help="A model.keras that `wormtwin train --model posture_lstm` wrote.")],
    data: DataOption,
    out: OutOption,
    frames: Annotated[int, typer.Option(max=1_000_000, help="To generate, of each worm.")] = 9000,
    worms: Annotated[int, typer.Option(max=10000, help="How many; each continues from 50 recorded frames.")] = 30,
    seed: SeedOption = 0,
    noise: Annotated[
        float, typer.Option(max=1000, help="Times the deviations that the network gives; 0 takes the mean.")
    ] = 1.0,
    strain: Annotated[str, typer.Option(help="Go on from recordings of this strain only.")] = "",
    split: Annotated[str, typer.Option(help="Go on from recordings of this split only: train, test, ...")] = "",
    picture: Annotated[Path | None, typer.Option(help="The picture; beside --out by default.")] = None,
) -> None:
    """Generate worms: the network continues from recorded postures by itself; draws them beside recorded ones."""
    from datasets.plots import save_figure
    from datasets.store import load_dataset, save_dataset
    from neuron_models.foundation.progress import progress_bar
    from surrogates.posture.network.comparison import bounded
    from surrogates.posture.network.free_run import Drawing
    from surrogates.posture.network.generated import generate_dataset, of_strain_and_split
    from surrogates.posture.network.networks import require_posture_lstm
    from surrogates.posture.network.plots import plot_free_run
    from surrogates.posture.network.segments import segments
    from surrogates.runs.model_file import load_model

    require(not out.is_dir(), f"--out {out} is a folder: give a file name that ends in .h5")
    require_writable(out)
    drawn = picture or out.with_suffix(".png")
    require_figure_path(drawn)
    trained, channels = load_model(model)
    recorded = of_strain_and_split(load_dataset(data), strain, split)
    require_posture_lstm(trained)
    if channels is not None:
        channels.require_same(segments(recorded))
    with progress_bar(frames, "frame") as bar:
        made = generate_dataset(
            trained, recorded, worms=worms, frames=frames, drawing=Drawing(noise, seed), done=bar.update
        )
    save_dataset(made, out)
    save_figure(plot_free_run(recorded, made), drawn)
    inside = bounded(recorded, made)
    print(f"{inside.sum()} of {counted(worms, 'worm')} stay within 3 times the range of the data, {frames} frames each")
    print(f"Generated worms in {out}, drawn in {drawn}")


@posture_app.command("compare")
def compare(
    data: DataOption,
    generated: Annotated[Path, typer.Option(help="Worms that `posture generate` or `crawl` made (.h5).")],
    out: Annotated[
        Path, typer.Option(help="The folder for comparison.csv, and of generated worms report.html and figures.")
    ],
) -> None:
    """Compare what generated or simulated worms do with what real ones do: speed, bends, waves, amplitudes."""
    from datasets.store import load_dataset
    from neuron_models.foundation.progress import progress_bar
    from surrogates.posture.crawl import comparison as crawls
    from surrogates.posture.network import comparison
    from surrogates.posture.network.comparison_page import print_comparison, write_comparison

    require(not out.is_file(), f"--out {out} is a file: name a folder")
    require_writable(out / "report.html")
    real, made = load_dataset(data), load_dataset(generated)
    if crawls.is_crawl(made):
        with progress_bar(len(real) + len(made), "worm") as bar:
            table = crawls.compare_crawls(real, made, bar.update)
        crawls.print_crawl_comparison(table)
        print(f"Table: {crawls.write_crawl_comparison(table, out)}")
        return
    with progress_bar(len(real) + len(made), "worm") as bar:
        compared = comparison.compare(real, made, bar.update)
    page = write_comparison(compared, real, made, out)
    print_comparison(compared)
    print(f"Report: {page}")


@posture_app.command("sizes")
def sizes(
    data: DataArgument,
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    layers: Annotated[str, typer.Option(help="Numbers of layers, such as 1,2,4.")] = "1,2",
    units: Annotated[str, typer.Option(help="Numbers of units, such as 16,32,64.")] = "16,32,64",
    model: Annotated[str, typer.Option(help="posture_lstm, or posture_lstm_paper.")] = "posture_lstm",
    epochs: Annotated[int, typer.Option(max=1_000_000, help="Passes over the training segments, in each.")] = 100,
    strain: Annotated[str, typer.Option(help="The recordings of this strain only.")] = "",
    frames: Annotated[int, typer.Option(max=1_000_000, help="Of each free run.")] = 3000,
    worms: Annotated[int, typer.Option(max=10000, help="Free runs of each size.")] = 20,
    seed: SeedOption = 0,
) -> None:
    """Train networks of several sizes and compare their error, their likelihood and their free runs."""
    from datasets.posture.recording import select_strain
    from datasets.store import load_dataset
    from surrogates.posture.network.size_study import SizeStudy, print_sizes, run_sizes, save_sizes

    require(not out.is_file(), f"--out {out} is a file: name a folder")
    require_writable(out / "sizes.csv")
    dataset = load_dataset(data)
    if strain:
        dataset = select_strain(dataset, strain)
    study = SizeStudy(model, tuple(parse_numbers(layers)), tuple(parse_numbers(units)), epochs, frames, worms, seed)
    table = run_sizes(dataset, study, on_progress=print)
    save_sizes(table, out)
    print_sizes(table)
    print(f"sizes.csv and sizes.png in {out}")
