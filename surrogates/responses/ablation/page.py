"""Pages about ablations in the simulator: one scenario with and without some neurons, and the screen of many."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from datasets.dataset import Dataset
from datasets.responses.screen_file import Screen
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.numerals import listed
from surrogates.pages import blocks
from surrogates.pages.page import write_page
from surrogates.responses.ablation.plots import most_affected, plot_ranking, plot_raster, plot_screen

REPORT_FILE = "report.html"
_MOST, _COLUMNS = 25, 12
_FILE = "The changes of every sequence in V, also signed and at their peak, are in screen.h5."
_MEASURE = (
    "Activity is the root mean square, over all samples of all sequences, of the soma potential's deviation from rest."
)


def write_scenario_report(
    table: pd.DataFrame, intact: Dataset, ablated: Dataset | None, lost: Sequence[str], out: Path
) -> Path:
    """Write `activity.csv` and the page of one scenario; gives the page's path.

    Args:
        table: as `datasets.responses.activity.compare_activity` makes it of the two runs.
        intact: every neuron recorded.
        ablated: the same without the lost neurons, or None.
        lost: the ablated neurons.
        out: the folder.
    """
    with atomic_write(out / "activity.csv") as temporary:
        table.to_csv(temporary, index=False)
    named = listed(tuple(lost))
    title = f"{intact.name} without {named}" if lost else f"{intact.name}: which neurons are active"
    runs = {"intact": intact} if ablated is None else {"intact": intact, f"without {named}": ablated}
    shown = next((i for i, trial in enumerate(intact) if trial.split == "test"), 0)
    caption = (
        f"Soma potentials of {len(intact.y_names)} neurons in sequence {intact.trials[shown].name}, by class and name; "
        "colours are linear up to 2 mV and logarithmic above."
    )
    alt = f"Raster of {len(intact.y_names)} neurons over time" + (", intact, ablated and their difference" * bool(lost))
    raster = blocks.FigureBlock("raster", plot_raster(runs, shown), caption, alt)
    sections = (
        blocks.Section("Most active neurons", _most_active(table, bool(lost))),
        blocks.Section("Raster", (raster,)),
    )
    facts = {
        "stimulated": ", ".join(name for name in intact.x_names if name not in lost),
        "sequences": str(len(intact)),
        "network": intact.source,
        "ablated": f"{named}: their contacts conduct nothing and nothing is injected into them; they stay at rest"
        if lost
        else "none",
    }
    return write_page(
        blocks.Page(title, _MEASURE, (*sections, blocks.Section("What was run", (blocks.KeyValues(facts),)))),
        out / REPORT_FILE,
    )


def _most_active(table: pd.DataFrame, compared: bool) -> tuple[blocks.Block, ...]:
    columns: tuple[blocks.Column, ...] = (
        blocks.Column("Neuron"),
        blocks.Column("Class"),
        blocks.Column("Intact", "mV"),
    )
    if not compared:
        active = [(r.neuron, r.role, 1000 * r.activity) for r in table.itertuples()]
        return _folded(columns, active, "The most active neurons.", "neurons")
    columns += (blocks.Column("Ablated", "mV"), blocks.Column("Lost", "%"))
    rows = [(r.neuron, r.role, 1000 * r.activity, 1000 * r.ablated, 100 * r.lost) for r in table.itertuples()]
    most = sorted(table.itertuples(), key=lambda r: -r.ablated)[:_MOST]
    after = tuple((r.neuron, r.role, 1000 * r.ablated, 1000 * r.activity) for r in most)
    heads = (
        blocks.Column("Neuron"),
        blocks.Column("Class"),
        blocks.Column("Ablated", "mV"),
        blocks.Column("Intact", "mV"),
    )
    return (
        *_folded(columns, rows, "The most active neurons of the intact network.", "neurons"),
        blocks.TableBlock(heads, (blocks.Rows(after),), "The most active neurons after the ablation."),
    )


def _folded(
    columns: tuple[blocks.Column, ...], rows: Sequence[tuple], caption: str, what: str
) -> tuple[blocks.Block, ...]:
    """The first rows, and all of them folded away."""
    first = blocks.TableBlock(columns, (blocks.Rows(tuple(rows[:_MOST])),), caption)
    everything = blocks.TableBlock(columns, (blocks.Rows(tuple(rows)),), f"All {what}.")
    return (first, blocks.Details(f"All {len(rows)} {what}", (everything,))) if len(rows) > _MOST else (first,)


def write_screen_report(screen: Screen, out: Path) -> Path:
    """Write `screen.csv` (ranked) and the page of a screen; gives the page's path."""
    ranked = screen.ranked()
    with atomic_write(out / "screen.csv") as temporary:
        ranked.to_csv(temporary, index=False)
    lead = (
        f"{len(screen.ablations)} ablations in scenario {screen.scenario}, each simulated and compared with the "
        "intact network. The effect on a neuron is the root mean square change of its soma potential over the root "
        "mean square of its intact deviation from rest: 100 % is what silence would be. Effects on an ablated neuron "
        "itself are left out; the mean is over the recorded neurons."
    )
    outputs = most_affected(ranked, screen.outputs, _COLUMNS)
    columns = (blocks.Column("Ablated"), blocks.Column("Mean", "%"), *(blocks.Column(name, "%") for name in outputs))
    rows = tuple(
        (r["ablation"], 100 * r["mean"], *(100 * r[name] for name in outputs)) for r in ranked.to_dict("records")
    )
    content = _folded(columns, rows, "The ablations with the largest mean effect.", "ablations")
    pictures = (
        blocks.FigureBlock(
            "effects", plot_screen(screen), "Effects by ablation and neuron.", "Heat map of effects", ranked
        ),
        blocks.FigureBlock("ranking", plot_ranking(screen), "Mean effects, ranked.", "Bars and a falling curve"),
    )
    facts = {"network": screen.network, "sequences": ", ".join(screen.sequences)}
    sections = (
        blocks.Section("Which neurons matter", (*content, *pictures)),
        blocks.Section(
            "What was run",
            (
                blocks.KeyValues(facts),
                blocks.Paragraph(_FILE),
            ),
        ),
    )
    return write_page(blocks.Page(f"Ablation screen of {screen.scenario}", lead, sections), out / REPORT_FILE)
