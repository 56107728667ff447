"""How well the generator's strains are distinguished by hand-made features, and their order by speed and curvature.

python benchmarks/posture_sample.py [--worms 10] [--minutes 15] [--seeds 5] [--spread 0.15]
"""

import argparse
import time

import numpy as np
from machine import describe
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from datasets.posture.feature_tables import worm_table
from datasets.posture.generator.sample import SampleSettings, make_sample
from datasets.posture.recording import recordings_of

MODELS = {
    "random forest": RandomForestClassifier(300, random_state=0),
    "nearest neighbour": make_pipeline(StandardScaler(), KNeighborsClassifier(1)),
}


def measured(settings: SampleSettings):
    """The table of a sample's worms, and how long making the sample took."""
    begun = time.process_time()
    dataset = make_sample(settings)
    seconds = time.process_time() - begun
    return worm_table(recordings_of(dataset)), seconds


def main() -> None:
    """Print accuracy over left-out individuals by seed, and means by strain."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("worms", 10), ("minutes", 15.0), ("seeds", 5), ("spread", SampleSettings.spread)):
        parser.add_argument(f"--{name}", type=type(default), default=default)
    options = parser.parse_args()
    print(describe())
    scores: dict[str, list[float]] = {name: [] for name in MODELS}
    tables = []
    for seed in range(options.seeds):
        settings = SampleSettings(worms=options.worms, duration=60 * options.minutes, seed=seed, spread=options.spread)
        table, seconds = measured(settings)
        tables.append(table)
        x, y = table.select_dtypes("number").to_numpy(), table["strain"].to_numpy()
        for name, model in MODELS.items():
            folds = StratifiedKFold(5, shuffle=True, random_state=seed)
            scores[name].append(100 * cross_val_score(model, x, y, cv=folds).mean())
        order = {key: list(table.groupby("strain")[key].mean().sort_values().index) for key in MEANS}
        print(f"seed {seed}: made in {seconds:.1f} s; {', '.join(f'{n} {s[-1]:.1f} %' for n, s in scores.items())}")
        for key, names in order.items():
            print(f"  {key}: {' < '.join(names)}")
    for name, accuracies in scores.items():
        print(f"{name}: {np.mean(accuracies):.1f} % ({min(accuracies):.1f} to {max(accuracies):.1f}), chance 12.5 %")
    spread = tables[0].groupby("strain")[MEANS].agg(["mean", "std"])
    print(spread.round(3).to_string())


MEANS = ["mean_speed", "mean_curvature"]

if __name__ == "__main__":
    main()
