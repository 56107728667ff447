"""Four states of a worm that was never seen: graph network and perceptron beside logistic regression, same windows.

    python benchmarks/calcium_unseen.py [--epochs 60] [--rates 0.001,0.01] [--models gnn,mlp] [--choose]

Each worm of Kato et al. 2015 is left out in turn; blocks of the three others choose the epoch. The models see the same
windows: those of `wormtwin train`, or with `--choose` of the smoothing and scaling that the three worms choose. Reads
data/calcium/kato2015_worms1-4.npz beside the reference files.
"""

import argparse
import time
from dataclasses import replace

from machine import shared_folder

from datasets.calcium.recordings import load_npz
from datasets.calcium.state_rules import state_rule
from datasets.calcium.states import apply_rule
from surrogates.calcium.held_out import hold_out_blocks
from surrogates.calcium.states.inputs import choose_inputs
from surrogates.calcium.states.inputs import prepared as prepared_with
from surrogates.calcium.states.models import STATE_MODELS
from surrogates.training.configuration import TrainingConfig
from surrogates.training.model_kind import fit_model


def main() -> None:
    """Print the accuracy on the worm that was left out, in percent, a line a model and rate."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--epochs", type=int, default=60)
    options.add_argument("--rates", default="0.001,0.01")
    options.add_argument("--models", default="gnn,mlp")
    options.add_argument("--seeds", type=int, default=1)
    options.add_argument("--choose", action="store_true")
    given = options.parse_args()
    worms = apply_rule(load_npz(shared_folder() / "data" / "calcium" / "kato2015_worms1-4.npz"), state_rule("four"))
    _print_scores(worms, "logistic", TrainingConfig(), given.choose)
    for model in given.models.split(","):
        for rate in map(float, given.rates.split(",")):
            for seed in range(given.seeds):
                _print_scores(worms, model, TrainingConfig(given.epochs, 32, rate, seed), given.choose)


def _print_scores(worms, model: str, config: TrainingConfig, choose: bool) -> None:
    kind, found, best, started = STATE_MODELS[f"calcium_{model}"], [], [], time.perf_counter()
    for index in range(len(worms)):
        split = worms.with_split(["test" if each == index else "train" for each in range(len(worms))])
        rest = worms.select([each for each in range(len(worms)) if each != index])
        prepared = prepared_with(split, choose_inputs(rest)) if choose else kind.prepare(split)
        held = prepared if kind.closed_form else hold_out_blocks(prepared)
        network, training = fit_model(kind, held, config, {}, progress=False)
        test = replace(prepared, trials=(prepared.trials[index],))
        found.append(100 * kind.evaluate(network, kind, test, None).scores["test"].accuracy)
        best.append(training.best_epoch + 1)
    details = "" if kind.closed_form else f", rate {config.learning_rate:g}, seed {config.seed}, best epochs {best}"
    scores = ", ".join(f"{each:.1f}" for each in found)
    seconds = time.perf_counter() - started
    print(f"{model}{details}: {scores}; mean {sum(found) / len(found):.2f} ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
