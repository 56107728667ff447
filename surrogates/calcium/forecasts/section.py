"""The section on forecasts for a report page on calcium recordings."""

import pandas as pd

from datasets.calcium.features import WINDOW
from neuron_models.foundation.numerals import listed
from neuron_models.foundation.wording import counted
from surrogates.calcium.forecasts.benchmark import LINEAR, PERSISTENCE, RIVALS, VARIED
from surrogates.calcium.forecasts.plots import plot_error_by_step, trajectory_label
from surrogates.calcium.forecasts.tables import SHOWN
from surrogates.calcium.forecasts.windows import HORIZON, TRAINED
from surrogates.pages import blocks

_TEXT = (
    f"Every model sees {WINDOW} frames of all neurons, each scaled to [0, 1] by its range in the recording, and "
    f"forecasts {HORIZON} more: x(t+1) = x(t) + f, with its own forecasts fed back. Networks learn from forecasts of "
    f"{TRAINED} frames with scheduled sampling. The linear autoregression takes lags and penalty, chosen inside the "
    "training worms. Where worms are varied, what is learned from allows for neurons that differ in gain and level "
    "between worms; so do all networks, which begin as that autoregression and learn what it leaves."
)


def trajectory_section(runs: pd.DataFrame, summary: pd.DataFrame) -> blocks.Section:
    """Error by prediction step: what was done, what it says, the figure, the table.

    Args:
        runs: as `runs_table` makes it.
        summary: as `summary_table` makes it.
    """
    most = int(summary["training_worms"].max())
    shown, means = (table[table["training_worms"] == most] for table in (runs, summary))
    models = list(dict.fromkeys(means["model"]))
    rival = LINEAR if LINEAR in models else models[0]
    figure = blocks.FigureBlock(
        "error-by-step",
        plot_error_by_step(shown, models, rival),
        f"Root-mean-square error of forecasts of worms never seen, after learning from {counted(most, 'worm')}: means "
        "and standard deviations over worms.",
        "Two panels of lines over the prediction step, one line for each model: the error, and its share of that of "
        f"the model {trajectory_label(rival)}.",
        shown,
    )
    return blocks.Section("Trajectories", (blocks.Paragraph(_TEXT), *_verdict(means), figure, _table(means)))


def _table(means: pd.DataFrame) -> blocks.TableBlock:
    columns = [
        blocks.Column("model"),
        *(blocks.Column(f"step {step}", best="lowest") for step in SHOWN),
        blocks.Column("mean", best="lowest"),
    ]
    rows: list[tuple[blocks.Value | blocks.Cell, ...]] = []
    for model, of_model in means.groupby("model", sort=False):
        by_step = of_model.set_index("step")
        cells = [float(by_step["mean"][step]) for step in SHOWN]
        rows.append((trajectory_label(str(model)), *cells, float(of_model["mean"].mean())))
    caption = "RMSE on unseen worms as a share of the range: mean over the worms."
    return blocks.TableBlock(tuple(columns), (blocks.Rows(tuple(rows)),), caption)


def _verdict(means: pd.DataFrame) -> tuple[blocks.Block, ...]:
    """Which networks are below what is no network from which step on, on the mean over worms."""
    table = means.pivot(index="step", columns="model", values="mean")
    networks = [name for name in dict.fromkeys(means["model"]) if name not in RIVALS]
    content: list[blocks.Block] = []
    for rivals in ((PERSISTENCE, LINEAR), (VARIED,)):
        if not networks or not set(rivals) <= set(table):
            continue
        below = table[networks].lt(table[list(rivals)].min(axis=1), axis=0)
        later = listed(
            [f"{trajectory_label(name)} {_from(below.index[~below[name]], len(below))}" for name in networks]
        )
        names = " and ".join(trajectory_label(name) for name in rivals)
        content.append(blocks.Note(f"Below {names}, on the mean over worms: {later}."))
    return tuple(content)


def _from(above: pd.Index, steps: int) -> str:
    first = int(above.max()) + 1 if len(above) else 1
    if first > steps:
        return "not at the last step"
    return "at every step" if first == 1 else f"from step {first} on"
