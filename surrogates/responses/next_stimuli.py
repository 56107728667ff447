"""Which stimuli to simulate next: those from which a model, or an ensemble of models, would learn most."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from connectome.random_stimuli import chosen_scenario, random_pool
from connectome.scenario import Scenario
from neuron_models.foundation.errors import InputError, require
from surrogates.runs.model_file import ModelSignature, load_model
from surrogates.runs.stimuli import TrainedStimuli, filtered
from surrogates.training.metrics import respond

CANDIDATES = 10
"""How many random stimuli are drawn for each that is chosen."""


def next_scenario(base: Scenario, models: Sequence[Path], number: int, seed: int = 0) -> tuple[Scenario, str]:
    """Choose stimuli for a scenario, of ten times as many random ones.

    Args:
        base: gives inputs, outputs, peaks, duration and sampling.
        models: files; one chooses by leverage, several by the spread of their answers.
        number: how many.
        seed: of the random stimuli.

    Returns:
        The scenario of the chosen stimuli, all of them for training, and in words how they were chosen.

    Raises:
        InputError: a model is of other inputs or sampling, or does not say what it has learned.
    """
    require(number >= 1, f"--next must be >= 1, got {number}")
    read = [_read(path, base) for path in models]
    pool = random_pool(base, CANDIDATES * number, seed)
    stimuli = [pool.values(index) for index in range(len(pool.sequences))]
    if len(read) > 1:
        kept = most_spread([model for model, _ in read], np.stack(stimuli), number)
        how = f"of {len(stimuli)} random ones, by the spread of {len(read)} models"
    else:
        (_, signature), path = read[0], models[0]
        known, learned = signature.stimuli, signature.learned
        if known is None or learned is None or not known.root:
            raise InputError(f"{path} does not say which stimuli it learned: train it anew, or give several models")
        trials = sum(trial.split in ("", "train") for trial in learned.trials)
        kept = most_leverage(known, trials, stimuli, number)
        how = f"of {len(stimuli)} random ones, by their leverage"
    return chosen_scenario(pool, kept, f"{base.name}_next_{seed}"), how


def _read(path: Path, base: Scenario) -> tuple[object, ModelSignature]:
    model, signature = load_model(path)
    if signature is None or signature.model:
        raise InputError(f"{path} is no model of responses that `wormtwin train` wrote")
    same = signature.x_names == base.inputs and abs(signature.dt - base.dt) < 1e-9
    require(
        same,
        f"{path} takes {', '.join(signature.x_names)} every {signature.dt:g} ms, scenario {base.name} drives "
        f"{', '.join(base.inputs)} every {base.dt:g} ms",
    )
    return model, signature


def most_leverage(
    known: TrainedStimuli, trials: int, stimuli: Sequence[Float[np.ndarray, "time input"]], number: int
) -> list[int]:
    """Choose stimuli one by one, each so that the volume of the Gram matrix grows most (D-optimal, greedy).

    Args:
        known: the stimuli that were learned.
        trials: how many those were.
        stimuli: to choose from, in the units of the inputs.
        number: how many to choose.

    Returns:
        Their indices, the most telling first.
    """
    root = np.array(known.root)
    seen = [filtered(each) @ root for each in stimuli]  # in these coordinates the training is the identity
    grams = np.stack([each.T @ each / len(each) for each in seen])
    return grow_volume(grams, max(trials, 1) * np.eye(root.shape[1]), number)


def grow_volume(
    grams: Float[np.ndarray, "trial feature feature"], first: Float[np.ndarray, "feature feature"], number: int
) -> list[int]:
    """The trials whose (dimensionless) Gram matrices, added one by one to a first one, give the largest determinant."""
    whole = first.copy()
    kept: list[int] = []
    for _ in range(number):
        volumes = np.linalg.slogdet(whole + grams)[1]
        volumes[kept] = -np.inf
        kept.append(int(np.argmax(volumes)))
        whole = whole + grams[kept[-1]]
    return kept


def most_spread(models: Sequence[object], stimuli: Float[np.ndarray, "trial time input"], number: int) -> list[int]:
    """Choose stimuli one by one, each where models differ most in what the ones before have not shown yet.

    What an answer shares with those chosen is taken off (a pivoted orthogonalisation of the differences).

    Returns:
        Their indices, the most telling first.
    """
    answers = np.stack([np.asarray(respond(model)(np.asarray(stimuli, np.float32)), float) for model in models])
    spread = (answers - answers.mean(0)).swapaxes(0, 1).reshape(len(stimuli), -1)
    kept: list[int] = []
    for _ in range(number):
        size = np.sqrt((spread**2).sum(1))
        size[kept] = -1.0
        kept.append(int(np.argmax(size)))
        if size[kept[-1]] > 0:
            along = spread[kept[-1]] / size[kept[-1]]
            spread = spread - np.outer(spread @ along, along)
    return kept
