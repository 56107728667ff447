"""The whole of posture at a small size: sample, eigenworms, network, free runs, cells, strains, films."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset
from datasets.posture.eigenworm_fit import fit_eigenworms
from datasets.posture.eigenworms import (
    Eigenworms,
    Reconstruction,
    amplitudes_of,
    pooled_angles,
    postures_of,
    reconstruction,
)
from datasets.posture.generator.sample import SampleSettings, make_sample
from datasets.posture.locomotion.path import with_path
from datasets.posture.recording import PostureRecording, angles_dataset
from datasets.store import save_dataset
from neuron_models.foundation.units import Seconds
from surrogates.posture.cells.cell_states import Reader, cell_state_model, read_cell_states
from surrogates.posture.cells.correlations import CellTable, relate_cells
from surrogates.posture.cells.feature_traces import tracks_of
from surrogates.posture.cells.figures_data import CellTraces, collect_cell_traces
from surrogates.posture.cells.page import write_cells_report
from surrogates.posture.cells.player import write_cells_page
from surrogates.posture.cells.strain_classification import ClassificationResult, FeatureMatrix, Protocol, cross_validate
from surrogates.posture.cells.strain_features import CELLS, strain_features
from surrogates.posture.cells.strains_page import write_strains_report
from surrogates.posture.forced_choice.clips import one_clip
from surrogates.posture.forced_choice.films import write_film
from surrogates.posture.network.comparison import Comparison, compare
from surrogates.posture.network.comparison_page import write_comparison
from surrogates.posture.network.free_run import Drawing
from surrogates.posture.network.generated import generate_dataset
from surrogates.posture.network.models import POSTURE_MODELS
from surrogates.posture.network.prediction import NextFrame
from surrogates.runs.fitting import fit_and_save
from surrogates.training.configuration import TrainingConfig
from surrogates.training.model_kind import look_up

MODEL = "posture_lstm"
_FILM: Seconds = 10.0


@dataclass(frozen=True)
class DemoSize:
    """How large the demo is: strains, worms of each and length of each recording, the network, free runs, tests."""

    strains: tuple[str, ...] = ("N2", "CB4856", "trp-4", "egl-30")
    worms: int = 5
    duration: Seconds = 180.0
    units: int = 32
    epochs: int = 30
    runs: int = 8
    rounds: int = 199
    folds: int = 5
    trees: int = 100
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Demo:
    """What the demo made and found, for its report.

    Attributes:
        size: how large it was.
        sample: midlines of the generated strains.
        eigenworms: and how well they tell these midlines.
        quality: of the eigenworms.
        recorded: amplitudes of the sample.
        model: the network's name.
        next_frame: its errors.
        generated: its free runs, as amplitudes.
        crawled: recorded and generated worms, on paths by resistive force theory.
        comparison: of free runs with the sample.
        cells: what they follow.
        reading: series of some cells.
        results: how strains are distinguished.
        worms: the numbers of the cells.
        seconds: by step.
    """

    size: DemoSize
    sample: Dataset
    eigenworms: Eigenworms
    quality: Reconstruction
    recorded: Dataset
    model: str
    next_frame: NextFrame
    generated: Dataset
    crawled: tuple[Sequence[PostureRecording], Sequence[PostureRecording]]
    comparison: Comparison
    cells: CellTable
    reading: CellTraces
    results: tuple[ClassificationResult, ...]
    worms: FeatureMatrix
    seconds: dict[str, float]


def run_demo(out: Path, size: DemoSize, on_progress: Callable[[str], object] = print) -> Demo:
    """Run every step; each writes what its command writes, into a folder of its own.

    Args:
        out: the folder.
        size: how large.
        on_progress: called with what is being done.
    """
    timed, seconds = _timer(on_progress)
    sample, shapes, recorded = timed("sample and eigenworms", lambda: _recordings(out, size))
    quality = reconstruction(pooled_angles(sample), shapes)
    kind = look_up(MODEL, POSTURE_MODELS)
    config = TrainingConfig(epochs=size.epochs, seed=size.seed, learning_rate=kind.learning_rate, batch_size=16)
    settings = {"units": size.units}
    done = timed("training", lambda: fit_and_save(kind, recorded, settings, config, out / "model", data=sample.name))
    model = done.model
    generated, crawled, comparison = timed("free runs", lambda: _free_runs(out, model, recorded, size))
    reader = cell_state_model(model)
    cells, reading = timed("cells", lambda: _cells(out, reader, recorded, sample, size))
    results, worms = timed("strains", lambda: _strains(out, reader, recorded, sample, size))
    return Demo(
        size,
        sample,
        shapes,
        quality,
        recorded,
        model.name,
        done.evaluation.next_frame,
        generated,
        crawled,
        comparison,
        cells,
        reading,
        results,
        worms,
        seconds,
    )


def _recordings(out: Path, size: DemoSize) -> tuple[Dataset, Eigenworms, Dataset]:
    sample = make_sample(SampleSettings(strains=size.strains, worms=size.worms, duration=size.duration, seed=size.seed))
    shapes = fit_eigenworms(pooled_angles(sample), source=sample.name)
    recorded = amplitudes_of(sample, shapes)
    save_dataset(sample, out / "sample.h5")
    save_dataset(recorded, out / "amplitudes.h5")
    return sample, shapes, recorded


def _free_runs(
    out: Path, model: Any, recorded: Dataset, size: DemoSize
) -> tuple[Dataset, tuple[Sequence[PostureRecording], Sequence[PostureRecording]], Comparison]:
    frames = round(size.duration * 1000 / recorded.dt)
    generated = generate_dataset(model, recorded, worms=size.runs, frames=frames, drawing=Drawing(seed=size.seed))
    save_dataset(generated, out / "generated.h5")
    real = [with_path(recording) for recording in postures_of(recorded)]
    made = [with_path(recording) for recording in postures_of(generated)]
    save_dataset(angles_dataset(made, generated.name), out / "crawled.h5")
    write_film(one_clip(angles_dataset(made, generated.name), 1, 0.0, _FILM), out / "generated.gif", side=320)
    comparison = compare(recorded, generated)
    write_comparison(comparison, recorded, generated, out / "comparison")
    return generated, (real, made), comparison


def _cells(
    out: Path, reader: Reader, recorded: Dataset, sample: Dataset, size: DemoSize
) -> tuple[CellTable, CellTraces]:
    tracks = tracks_of(recorded, sample)
    table = relate_cells(read_cell_states(reader, recorded), tracks, reader.indices, rounds=size.rounds, seed=size.seed)
    reading, scene = collect_cell_traces(reader, recorded, tracks, table)
    write_cells_page(out / "cells" / "cells.html", scene)
    write_cells_report(table, reading, reader.name, recorded.name, out / "cells")
    return table, reading


def _strains(
    out: Path, reader: Reader, recorded: Dataset, sample: Dataset, size: DemoSize
) -> tuple[tuple[ClassificationResult, ...], FeatureMatrix]:
    protocol = Protocol(folds=size.folds, trees=size.trees, seed=size.seed)
    kinds = strain_features(reader, recorded, sample)
    results = tuple(each for features, numbers in kinds.items() for each in cross_validate(numbers, features, protocol))
    facts = {"model": reader.name, "data": recorded.name}
    write_strains_report(results, kinds[CELLS], protocol, facts, out / "strains")
    return results, kinds[CELLS]


def _timer(on_progress: Callable[[str], object]) -> tuple[Callable[[str, Callable[[], Any]], Any], dict[str, float]]:
    """What runs a step and keeps how long it took."""
    seconds: dict[str, float] = {}

    def timed(what: str, step: Callable[[], Any]) -> Any:
        on_progress(f"{what.capitalize()} ...")
        started = time.perf_counter()
        done = step()
        seconds[what] = time.perf_counter() - started
        return done

    return timed, seconds
