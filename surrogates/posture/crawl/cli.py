"""`wormtwin crawl`: from neurons to a crawling worm."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connectome.cli import NetworkOption
from datasets.options import OutOption, ParametersOption
from datasets.posture.body.cli import MediumOption
from datasets.posture.loop.options import (
    AblateOption,
    BodyOption,
    FpsOption,
    MuscleOption,
    SteppingOption,
    ThroughOption,
    network_of,
    require_out,
    worm_settings,
)
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_writable

if TYPE_CHECKING:
    from datasets.posture.loop.recorded import Crawl
    from datasets.posture.loop.settings import CrawlSettings
    from neuron_models.circuit import Circuit


def crawl(
    out: OutOption,
    seconds: Annotated[int, typer.Option(help="How long, in whole seconds.")] = 60,
    network: NetworkOption = None,
    parameter_set: ParametersOption = "published2012",
    ablate: AblateOption = "",
    medium: MediumOption = "agar",
    variant: BodyOption = "code",
    muscle: MuscleOption = "first-order",
    simulator: SteppingOption = "linear",
    direction: Annotated[
        str, typer.Option(help="Steady current into AVB (forward), AVA (backward) or none.")
    ] = "forward",
    through: ThroughOption = "command",
    drive: Annotated[float, typer.Option(help="That current, nA.")] = 0.05,
    pulse: Annotated[
        list[str] | None, typer.Option(help="A current such as ALM,AVM=0.05@20-21 (neurons, nA, from, to); repeat it.")
    ] = None,
    scenario: Annotated[str, typer.Option(help="Inject a scenario's stimuli too, from the beginning.")] = "",
    sequence: Annotated[int, typer.Option(help="Which sequence of the scenario, counted from 1.")] = 1,
    motor: Annotated[float, typer.Option(help="Share of the network's own motor neurons in what moves muscles.")] = 0.0,
    oscillator: Annotated[bool, typer.Option(help="Whether the published oscillator moves muscles.")] = True,
    fps: FpsOption = 20.0,
    wcon: Annotated[Path | None, typer.Option(help="Write the midlines to this .wcon file too.")] = None,
    page: Annotated[Path | None, typer.Option(help="Write a page to look at to this .html file.")] = None,
) -> None:
    """Let a worm crawl: neurons, the published oscillator, muscles and body in one loop; controls beside it.

    A crawl that is stopped continues from its last whole second.
    """
    from connectome.scenario import load_scenario
    from datasets.posture.formats.wcon_write import require_wcon_path
    from datasets.posture.loop.settings import held

    require_out(out)
    for path in (page, out.with_suffix(".activity.h5")):
        if path is not None:
            require_writable(path)
    require_wcon_path(wcon)
    require(page is None or page.suffix.lower() == ".html", f"a page's name ends in .html, got {page}")
    worm = worm_settings(seconds, direction, ablate, medium, variant, muscle, simulator, fps)
    settings = replace(
        worm,
        drive=drive,
        through=through,
        held=tuple(held(text) for text in pulse or ()),
        scenario=load_scenario(scenario).select([sequence]) if scenario else None,
        oscillator=oscillator,
        motor=motor,
    )
    circuit, description = network_of(network, parameter_set)
    print(f"Network: {description}")
    _crawled(settings, circuit, description, out, wcon, page)


def _crawled(
    settings: "CrawlSettings", circuit: "Circuit", description: str, out: Path, wcon: Path | None, page: Path | None
) -> None:
    """Crawl, write the requested files, and print it beside the controls."""
    import time

    from datasets.posture.formats.wcon_write import write_wcon
    from datasets.posture.loop.recorded import controls, crawl_dataset, forget, write_activity
    from datasets.posture.loop.recorded import crawl as run_crawl
    from datasets.posture.recording import recordings_of
    from datasets.store import save_dataset
    from neuron_models.foundation.progress import progress_bar

    begun = time.process_time()
    with progress_bar(settings.seconds, "s") as bar:
        found = run_crawl(settings, circuit, description, out, bar.update)
    spent = time.process_time() - begun
    beside = controls(found)
    dataset = crawl_dataset(found, out.stem, beside)
    write_activity(found, out.with_suffix(".activity.h5"))
    if wcon is not None:
        write_wcon(recordings_of(dataset), wcon)
    if page is not None:
        from surrogates.posture.crawl.page import write_page

        write_page(found, beside, page)
    save_dataset(dataset, out)
    forget(out)
    print_crawl(found, beside)
    print(f"{settings.seconds} s crawled in {spent:.1f} s of one core, the network's preparation included")
    names = [str(each) for each in (out.with_suffix(".activity.h5"), wcon, page) if each is not None]
    print(f"Postures in {out}; {', '.join(names)}")


def print_crawl(found: "Crawl", beside: "dict[str, Crawl]") -> None:
    """Print how a worm crawled, what moved it, and how its controls did."""
    from rich.table import Table

    from datasets.posture.body.mechanics import VARIANTS
    from datasets.posture.loop.oscillator import OSCILLATOR
    from neuron_models.foundation.printing import print_whole

    moved = OSCILLATOR if found.settings.oscillator else "no oscillator"
    print(f"Muscles are moved by: {moved}; the network opens its gates by the potentials of AVB and AVA")
    variant, medium = found.settings.variant, found.settings.medium.name
    print(f"Body: {VARIANTS[variant].words} ({variant}); medium: {medium}")
    table = Table("worm", "gait", "gate of AVB", "gate of AVA")
    for name, each in {"this crawl": found, **beside}.items():
        shares = (f"{share:.2f}" for share in each.gates.mean(axis=0))
        table.add_row(name, each.gait.words, *shares)
    print_whole(table)


def register(app: typer.Typer) -> None:
    """Mount this command."""
    app.command("crawl")(crawl)
