"""The page of a physics report, and the numbers beside it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.numerals import shown_units, significant
from surrogates.pages import blocks
from surrogates.pages.page import write_page
from surrogates.responses.physics.measures import Probes
from surrogates.responses.physics.plots import plot_amplitudes, plot_long, plot_trials
from surrogates.responses.physics.report import HEADS, Answers, answers_table, heads
from surrogates.runs.result import without_nan

REPORT_FILE, FACTS_FILE, TABLE_FILE = "report.html", "physics.json", "physics.csv"
_WORDS = {
    "offset at rest": "nothing is injected for as long as a training trial: the largest distance from rest.",
    "superposition defect": "the answer to a mixture of two stimuli against the mixture of the answers, of the latter.",
    "lowest impulse response": "of the input's largest: a current that depolarises depolarises everywhere.",
    "slowest time constant": "of the step about rest; uniform passive membranes have none above theirs (40 ms here).",
    "poles that turn": "slower than a sample and not real: a passive network does not oscillate.",
    "reciprocity": "of two neurons that are inputs and outputs, each answers the other alike; a dash without such.",
    "drift, held 5 s": "all inputs held at half their largest: how far outputs go after a training trial's length.",
    "left after silence": "distance from rest after a stimulus and as long a silence as a training trial.",
}


def save_report(found: Sequence[Answers], probes: Probes, about: dict[str, str], units: str, out: Path) -> Path:
    """Write `physics.json`, `physics.csv` and the page into a folder; gives the page's path.

    Args:
        found: the answers of all models.
        probes: the stimuli that they answered.
        about: the settings of the survey, for the page.
        units: of the outputs.
        out: the folder.
    """
    out.mkdir(parents=True, exist_ok=True)
    with atomic_write(out / TABLE_FILE) as temporary:
        write_csv(answers_table(found, units), temporary, index=False)
    kept = [{key: each for key, each in asdict(a).items() if key not in ("held", "silent")} for a in found]
    with atomic_write(out / FACTS_FILE) as temporary:
        temporary.write_text(json.dumps(without_nan({"about": about, "units": units, "models": kept}), indent=1))
    sections = [_table(found, units), _long(found, probes, units), *_curves(found, units)]
    sections.append(blocks.Section("Settings", (blocks.KeyValues(about), blocks.KeyValues(_WORDS))))
    lead = "What is exact about a passive network, put as questions to the models that stand in for it."
    return write_page(blocks.Page("Physics of surrogates", lead, tuple(sections)), out / REPORT_FILE)


def _table(found: Sequence[Answers], units: str) -> blocks.Section:
    columns = (blocks.Column("Model"), blocks.Column("Numbers"), *(blocks.Column(head) for head in heads(units)))
    rows = [
        (row["model"], int(row["numbers"]), *(float(row[name]) for name in HEADS))
        for row in answers_table(found, units).to_dict("records")
    ]
    own = [row for row, each in zip(rows, found, strict=True) if not each.derived]
    derived = [row for row, each in zip(rows, found, strict=True) if each.derived]
    groups = [blocks.Rows(tuple(own), "Learned" if derived else "")]
    groups += [blocks.Rows(tuple(derived), "Derived, without data")] if derived else []
    caption = "Zero, or below its bound, is what the passive network does; what each column asks stands below."
    return blocks.Section("Violations", (blocks.TableBlock(columns, tuple(groups), caption),))


def _long(found: Sequence[Answers], probes: Probes, units: str) -> blocks.Section:
    figure, table = plot_long(found, probes, units)
    factor, shown = shown_units(units)
    ends = ", ".join(f"{each.name} {significant(factor * each.drift)} {shown}" for each in found)
    caption = f"Five seconds beyond the training's length. Drift under the held stimulus: {ends}."
    return blocks.Section("Long stimuli", (blocks.FigureBlock("long", figure, caption, caption, table),))


def _curves(found: Sequence[Answers], units: str) -> list[blocks.Section]:
    sections = []
    if any(each.by_amplitude for each in found):
        figure, table = plot_amplitudes(found, units)
        caption = "A model that scales as a linear network does is a level line. Each factor is simulated anew."
        block = blocks.FigureBlock("amplitude", figure, caption, _ends(found, units), table)
        sections.append(blocks.Section("Error against amplitude", (block,)))
    if any(each.by_trials for each in found):
        figure, table = plot_trials(found, units)
        caption = (
            "Each model trained anew on fewer trials: median, and range of the draws. All validation trials still "
            "choose the epoch, or the settings."
        )
        block = blocks.FigureBlock("trials", figure, caption, _ends(found, units), table)
        sections.append(blocks.Section("Error against training trials", (block,)))
    return sections


def _ends(found: Sequence[Answers], units: str) -> str:
    factor, shown = shown_units(units)
    errors = [f"{each.name} {significant(factor * each.rmse)} {shown}" for each in found if np.isfinite(each.rmse)]
    return f"Curves; test RMSE of the models as they are: {', '.join(errors)}."
