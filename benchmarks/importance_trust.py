"""How far each method can be trusted, as tables for the documentation.

    wormtwin importance --model MODEL.keras --data DATA.h5 --simulator --seeds 3 --out DIR
    python benchmarks/importance_trust.py DATA.h5 MODEL.keras DIR

Prints each method's agreement with the simulator; then how the cells (input x output) divide by the model's own test
error on the output: above it, its explanation should be right, below it, there may be nothing to explain.
"""

import argparse
from pathlib import Path

import numpy as np
from machine import describe

from datasets.store import load_dataset
from surrogates.importance.against_simulator import SIMULATOR
from surrogates.importance.methods import measure_of
from surrogates.importance.storage import load_importance
from surrogates.importance.trust import agreement, spearman
from surrogates.runs.model_file import load_model
from surrogates.training.metrics import predict, score


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    print(describe())
    dataset, model = load_dataset(given.data).by_split()["test"], load_model(given.model)[0]
    errors = score(dataset, predict(model, dataset))["test"]
    tables = {table.method: table for table in load_importance(given.folder / "importance.h5")}
    simulator, floor = tables.pop(SIMULATOR), np.array(list(errors.rmse_by_output.values()))
    print(f"{model.name} on {dataset.name}, test RMSE {1000 * errors.rmse:.2f} mV\n")
    columns = (
        "method",
        "correlation",
        "95 % over trials",
        "over cells",
        "within an output",
        "same top input",
        "RMS difference",
    )
    print(f"| {' | '.join(columns)} |")
    print("|---|---|---|---|---|---|---|")
    for name, table in tables.items():
        scores = agreement(table, simulator, measure=measure_of(table))
        spans = " | ".join(f"{low:.3f} to {high:.3f}" for low, high in (scores.over_trials, scores.over_cells))
        off = f"{1000 * scores.difference:.2f} mV" if np.isfinite(scores.difference) else ""
        off += " *" * (scores.measure == "shares")  # a difference of definition is in it
        print(
            f"| {name} | {scores.rho:.3f} | {spans} | {scores.within:.3f} | {scores.top} of {scores.outputs} | {off} |"
        )
    current = dataset.stacked()[0].max(axis=(0, 1))
    weighted = tables["saliency"].values * current[:, None]
    rho = spearman(weighted.ravel(), simulator.values.ravel())
    print(f"\nrank correlation of saliency times the largest current of each input: {rho:.3f}")
    above = tables["occlusion"].values > floor
    pairs = (tables["occlusion"].values, simulator.values)
    print(f"{above.sum()} of {above.size} cells have an occlusion above the model's error on their output")
    print(f"rank correlation of occlusion: {spearman(*(values[above] for values in pairs)):.3f} above it")
    if not above.all():
        rho = spearman(*(values[~above] for values in pairs))
        most = 1000 * simulator.values[~above].max()
        print(f"{rho:.3f} below it; the simulator's largest effect there is {most:.1f} mV")


if __name__ == "__main__":
    main()
