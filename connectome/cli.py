"""`wormtwin connectome`: what the wiring holds, and the published network file."""

from collections import Counter
from typing import Annotated

import typer
from rich.table import Table

from neuron_models.foundation.printing import plain_console

NetworkOption = Annotated[
    str | None,
    typer.Option(
        "--network",
        help="PATH of a network file, 'published', 'placed' or 'as-run'; published if it is there, else placed.",
    ),
]

connectome_app = typer.Typer(no_args_is_help=True, help="The wiring: what it holds, and the published network file.")


@connectome_app.command()
def info(network: NetworkOption = None) -> None:
    """Print counts by kind and transmitter, the best-connected neurons, and those without any contact."""
    from connectome.wiring import load_connectome

    connectome = load_connectome(network)
    console = plain_console()
    console.print(f"{len(connectome.neurons)} neurons, {len(connectome.contacts)} contacts; {connectome.source}")
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
    if mutual:
        console.print(
            f"Gap junctions join {len(unordered)} pairs of neurons, {mutual} of them listed from both sides: each such "
            "entry is built, which doubles the coupling of these pairs",
            soft_wrap=True,
        )
    degree = Counter(name for c in connectome.contacts for name in (c.pre, c.post))
    best = ", ".join(f"{name} ({number})" for name, number in degree.most_common(10))
    console.print(f"Best connected, by contacts on either side: {best}", soft_wrap=True)
    console.print(f"Without any contact: {', '.join(connectome.unconnected)}")


@connectome_app.command()
def download() -> None:
    """Fetch the published network file (2.4 MB, CElegansNeuroML 2012) into the cache, where every command finds it."""
    from connectome.download import download_network

    print(f"The published network lies in {download_network()}")
