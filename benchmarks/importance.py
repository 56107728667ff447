"""How long Shapley values and the other methods take, and how well attributions add up.

    python benchmarks/importance.py DATA.h5 MODEL.keras [--repeats 3]

Prints a line a method that needs neither training nor simulation, over the test trials with every input a group: the
seconds of the first call (it compiles) and of the best later one, and the largest difference between the sum of the
attributions and the difference of the responses that they explain.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from machine import describe

from datasets.store import load_dataset
from surrogates.importance.attribution import integrated_over_response
from surrogates.importance.gradients import derivatives
from surrogates.importance.groups import parse_groups
from surrogates.importance.methods import METHODS, importance
from surrogates.importance.problem import prepare_attribution
from surrogates.importance.shapley import exact_shapley, response_game
from surrogates.runs.model_file import load_model
from surrogates.training.metrics import predict, respond


def left_over(model, dataset) -> dict[str, float]:
    """By method, the largest that is left over at any sample of any output, in volts."""
    problem = prepare_attribution(dataset, parse_groups("", dataset.x_names))
    run, gradients, worst = respond(model), derivatives(model), dict.fromkeys(("shapley", "integrated-gradients"), 0.0)
    for case, present in zip(problem.pairs, predict(model, problem.dataset), strict=True):
        difference = present.astype(float) - run(case.absent[None])[0]
        values = {
            "shapley": exact_shapley(response_game(run, case, problem), len(problem.groups)).sum(axis=0),
            "integrated-gradients": integrated_over_response(gradients, case, problem).sum(axis=1),
        }
        for name, total in values.items():
            worst[name] = max(worst[name], float(np.abs(total - difference).max()))
    return worst


def main() -> None:
    """Print a line a method."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    print(describe())
    dataset, model = load_dataset(given.data), load_model(given.model)[0]
    trials = len(dataset.by_split()["test"])
    print(f"{model.name}, {dataset.name}: {len(dataset.x_names)} inputs, {trials} test trials")
    for method in METHODS:
        if method == "retraining":
            continue
        seconds = []
        for _ in range(1 + given.repeats):
            started = time.perf_counter()
            importance(model, dataset, method)
            seconds.append(time.perf_counter() - started)
        print(f"{method}: {seconds[0]:.2f} s first, {min(seconds[1:]):.2f} s later", flush=True)
    for method, rest in left_over(model, dataset).items():
        print(f"{method}: what is left over is at most {rest:.1e} V")


if __name__ == "__main__":
    main()
