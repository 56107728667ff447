"""`wormtwin connectome`: what the wiring holds, and the published network file."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_figure_path
from neuron_models.foundation.printing import plain_console, print_whole

NetworkOption = Annotated[
    str | None,
    typer.Option(
        "--network",
        help="'published', 'placed', 'as-run', 'cook2019', 'white', 'varshney', 'witvliet7', 'witvliet8', 'consensus', "
        "'randi2023', 'table2012', or the PATH of a network file or of your own table; published if it is there, else "
        "placed.",
    ),
]

connectome_app = typer.Typer(no_args_is_help=True, help="The wiring: what it holds, and the published network file.")


@connectome_app.command()
def info(network: NetworkOption = None) -> None:
    """Print counts by kind and transmitter, the best-connected neurons, and those without any contact."""
    from connectome.wiring import load_connectome, load_table

    connectome = load_connectome(network)
    console = plain_console()
    message = f"{len(connectome.neurons)} neurons, {len(connectome.contacts)} contacts; {connectome.source}"
    console.print(message, soft_wrap=True)
    kinds = Counter((contact.kind, contact.transmitter) for contact in connectome.contacts)
    pairs = {(c.kind, c.transmitter, c.pre, c.post) for c in connectome.contacts}
    table = Table("kind", "transmitter", "contacts", "pairs")
    for (kind, transmitter), number in sorted(kinds.items(), key=lambda item: (item[0][0], -item[1])):
        joined = sum((k, t) == (kind, transmitter) for k, t, _, _ in pairs)
        table.add_row(kind.replace("_", " "), transmitter, str(number), str(joined))
    for kind in ("chemical", "gap_junction"):
        joined = sum(k == kind for k, *_ in pairs)
        number = sum(n for (k, _), n in kinds.items() if k == kind)
        table.add_row(kind.replace("_", " "), "all", str(number), str(joined), style="bold")
    console.print(table)
    junctions = {(c.pre, c.post) for c in connectome.contacts if c.kind == "gap_junction"}
    unordered = {frozenset(pair) for pair in junctions}
    mutual = sum((post, pre) in junctions and pre < post for pre, post in junctions)
    alone = sum(len(pair) == 1 for pair in unordered)
    if mutual:
        console.print(
            f"Gap junctions join {len(unordered)} pairs of neurons ({alone} are a neuron and itself), {mutual} of them "
            "listed from both sides: each such entry is built, which doubles the coupling of these pairs",
            soft_wrap=True,
        )
    for note in load_table(network).notes:
        console.print(note, soft_wrap=True)
    degree = Counter(name for c in connectome.contacts for name in (c.pre, c.post))
    best = ", ".join(f"{name} ({number})" for name, number in degree.most_common(10))
    console.print(f"Best connected, by contacts on either side: {best}", soft_wrap=True)
    console.print(f"Without any contact: {', '.join(connectome.unconnected) or 'none'}")


@connectome_app.command()
def compare(
    first: Annotated[str, typer.Argument(help="A network, as for --network.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    plot: Annotated[Path | None, typer.Option(help="Draw the counts of both against each other (.png, .svg).")] = None,
) -> None:
    """Compare two wirings: the pairs that they share, and whether the numbers of contacts go together."""
    from connectome.wiring import load_table
    from connectome.wirings.comparison import compare_wirings, plot_comparison

    require_figure_path(plot)
    wirings = (load_table(first), load_table(second))
    agreements = compare_wirings(*wirings)
    table = Table("kind", f"only {first}", "shared", f"only {second}", "r of counts", "rank r")
    for each in agreements:
        alone = (int((side > 0).sum()) - each.shared for side in (each.first, each.second))
        only_first, only_second = (str(number) for number in alone)
        row = (each.kind.replace("_", " "), only_first, str(each.shared), only_second)
        table.add_row(*row, f"{each.pearson:.3f}", f"{each.spearman:.3f}")
    common = len(set(wirings[0].neurons) & set(wirings[1].neurons))
    print(f"Pairs among the {common} neurons that both cover; r over the pairs that both have")
    print_whole(table)
    if plot is not None:
        plot_comparison(agreements, (first, second), plot)
        print(f"Figure: {plot}")


@connectome_app.command()
def export(
    out: Annotated[Path, typer.Option(help="The file to write: .csv, or .net.nml for NeuroML 2.")],
    network: NetworkOption = None,
    form: Annotated[
        str,
        typer.Option("--format", help="'csv': a table of contacts; 'neuroml': cells with shapes, and their contacts."),
    ] = "csv",
) -> None:
    """Write every contact at its place: a CSV table, or a whole NeuroML 2 network for NetPyNE and jNeuroML."""
    from connectome.contact_csv import save_contacts
    from connectome.wiring import load_connectome

    require(form in ("csv", "neuroml"), f"--format is one of csv, neuroml, got {form!r}")
    connectome = load_connectome(network)
    if form == "neuroml":
        from connectome.network import build_network
        from connectome.neuroml_export import save_neuroml

        save_neuroml(build_network(connectome), connectome.source, out)
        print(f"{len(connectome.neurons)} cells and {len(connectome.contacts)} contacts as NeuroML 2 in {out}")
        return
    save_contacts(connectome, out)
    print(f"{len(connectome.contacts)} contacts of {connectome.source} in {out}")


@connectome_app.command()
def parameters(
    chosen: Annotated[
        str | None, typer.Argument(metavar="SET", help="A set's name or the path of a .toml file; all names when none.")
    ] = None,
) -> None:
    """Print a parameter set: every value with its unit, its source and how certain it is."""
    from connectome.parameters import PARAMETER_SETS, load_parameters

    if chosen is None:
        table = Table("set", "model", "what it is")
        for name in PARAMETER_SETS:
            values = load_parameters(name)
            table.add_row(name, values.model, values.title)
        print_whole(table)
        return
    values = load_parameters(chosen)
    print(f"{values.name}: {values.title} (model: {values.model})")
    table = Table("name", "value", "unit", "certainty", "source")
    for name, each in values.parameters.items():
        table.add_row(name, f"{each.value:.6g}", each.unit, each.certainty, each.source)
    print_whole(table)
    for cell in values.cells:
        print(f"{cell.name}: {cell.title} ({', '.join(cell.neurons)}; channels in the {cell.where})")
        table = Table("channel or value", "value", "unit", "certainty", "source")
        for name, each in {**cell.parameters, **cell.channels}.items():
            table.add_row(name, f"{each.value:.6g}", each.unit, each.certainty, each.source)
        print_whole(table)


@connectome_app.command()
def muscles(
    names: Annotated[
        list[str] | None, typer.Argument(help="Muscles such as MDL07, or neurons such as DB3; all muscles when none.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write every junction found to this .csv file.")] = None,
) -> None:
    """Print which neurons drive which body-wall muscles: counts, transmitters, and whether they excite or inhibit."""
    from connectome.muscle_table import chosen_junctions, print_junctions, save_junctions

    junctions = chosen_junctions(names or [])
    if out is not None:
        save_junctions(junctions, out)
    print_junctions(junctions, whole=bool(names))
    if out is not None:
        print(f"{len(junctions)} pairs in {out}")


@connectome_app.command()
def download() -> None:
    """Fetch the published network file (2.4 MB, CElegansNeuroML 2012) into the cache, where every command finds it."""
    from connectome.download import download_network

    print(f"The published network lies in {download_network()}")
