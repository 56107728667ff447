"""Models with a linear core: their builders, what they begin as, and how they are trained."""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from datasets.dataset import Dataset
from datasets.parts.splitting import require_training
from neuron_models.foundation.errors import InputError, require, require_seed
from surrogates.backend import keras
from surrogates.responses.models.nonlinear_cells import AffineCell, CfcCell, LfrCell, LruCell, ResidualGruCell
from surrogates.responses.models.state_space import fit_state_space, state_space
from surrogates.training.batches import training_arrays
from surrogates.training.configuration import Arrays, Objective, Training, TrainingConfig
from surrogates.training.epochs_bar import ProgressBar
from surrogates.training.polish import Best, adam, lbfgs, levenberg_marquardt
from surrogates.training.scaling import Scales, fold, scales_of
from surrogates.training.scanned_cell import ScannedCell
from surrogates.training.superposition import superposed

_FLAT = 1e-8
"""Variance of a state that counts as none, as a share of the largest."""

_FEW = 400
"""Weights up to which Levenberg and Marquardt are affordable: their step costs the square of the number."""

Core = tuple[np.ndarray, ...]
"""A, B, C, D, rest and e of a linear state-space model; vectors are columns."""


def lfr(inputs: int, outputs: int, *, order: int = 8, units: int = 16, seed: int = 0) -> keras.Model:
    """A linear state-space system with a static network in feedback (linear fractional representation).

    Args:
        inputs: channels of x; the model takes (trial, time, inputs).
        outputs: channels of y; the model gives (trial, time, outputs).
        order: states of the linear core, which begins as `state_space` finds it.
        units: hidden units (tanh) of the static network.
        seed: of the first weights.

    Raises:
        InputError: a size below one, or an invalid seed.
    """
    return _chain("lfr", LfrCell, inputs, outputs, seed, order=order, units=units)


def residual_gru(inputs: int, outputs: int, *, order: int = 8, units: int = 8, seed: int = 0) -> keras.Model:
    """A linear state-space system and a small GRU that learns what it leaves; arguments as in `lfr`.

    Args:
        inputs: channels of x; the model takes (trial, time, inputs).
        outputs: channels of y; the model gives (trial, time, outputs).
        order: states of the linear part, which begins as `state_space` finds it.
        units: of the GRU.
        seed: of the first weights.

    Raises:
        InputError: a size below one, or an invalid seed.
    """
    return _chain("residual_gru", ResidualGruCell, inputs, outputs, seed, order=order, units=units)


def lru(inputs: int, outputs: int, *, order: int = 16, units: int = 16, seed: int = 0) -> keras.Model:
    """A linear recurrent unit: a diagonal complex state with a nonlinear read-out (Orvieto et al. 2023).

    Args:
        inputs: channels of x; the model takes (trial, time, inputs).
        outputs: channels of y; the model gives (trial, time, outputs).
        order: complex states; as many as there are begin at the poles of `state_space`.
        units: hidden units (tanh) of the read-out.
        seed: of the first weights.

    Raises:
        InputError: a size below one, or an invalid seed.
    """
    return _chain("lru", LruCell, inputs, outputs, seed, order=order, units=units)


def cfc(inputs: int, outputs: int, *, units: int = 16, backbone: int = 16, seed: int = 0) -> keras.Model:
    """A closed-form continuous-time network at even samples (Hasani et al. 2022).

    Args:
        inputs: channels of x; the model takes (trial, time, inputs).
        outputs: channels of y; the model gives (trial, time, outputs).
        units: of the hidden state.
        backbone: hidden units (tanh) before its three heads.
        seed: of the first weights.

    Raises:
        InputError: a size below one, or an invalid seed.
    """
    return _chain("cfc", CfcCell, inputs, outputs, seed, units=units, backbone=backbone)


def _chain(kind: str, cell: type[AffineCell], inputs: int, outputs: int, seed: int, **sizes: int) -> keras.Model:
    for name, value in {"inputs": inputs, "outputs": outputs, **sizes}.items():
        require(value >= 1, f"{kind}: {name} must be >= 1, got {value}")
    require_seed(seed, f"{kind}: seed")
    own = cell(inputs=inputs, outputs=outputs, **sizes, name=kind)
    layers = [keras.Input((None, inputs), name="stimulus"), keras.layers.RNN(own, return_sequences=True)]
    model = keras.Sequential(layers, name="_".join([kind, *(str(value) for value in sizes.values())]))
    own.set_named(_drawn(own, np.random.default_rng(seed)))
    return model


def _drawn(cell: AffineCell, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """First weights: matrices uniform in +-sqrt(6 / (rows + columns)) (Glorot and Bengio 2010), the others zero.

    They are drawn by NumPy, the same for every backend; poles are drawn in a ring.
    """
    found = {}
    for name, shape in cell.shapes().items():
        if len(shape) == 2:
            found[name] = rng.uniform(-1, 1, shape) * np.sqrt(6 / sum(shape))
    if isinstance(cell, LruCell):
        sizes = rng.uniform(0.8, 0.995, cell.order)
        found |= {"nu": np.log(-np.log(sizes)), "theta": rng.uniform(0, np.pi / 4, cell.order)}
    return found


def train_with_core(
    model: keras.Model, dataset: Dataset, config: TrainingConfig, objective: Objective, progress: bool = True
) -> Training:
    """Train a model of this module in place on scaled data and all trials at once: Adam, then second-order steps.

    Its linear part begins as `state_space` of its order. It ends with the weights of the best validation epoch (or
    iteration). `config.epochs` are Adam's; `config.polish` are iterations of Levenberg and Marquardt where there are
    at most 400 weights, and of L-BFGS where there are more.

    Raises:
        InputError: no training trials, trials of different lengths, an order above what they tell, or a backend that
            is not JAX.
        FloatingPointError: the loss was never finite.
    """
    started = time.perf_counter()
    data = _arrays(dataset, config, objective)
    scales = scales_of(data[0], shifted=False)  # a stimulus of zero stays zero: where trials begin at rest, they do so
    cell = model.layers[-1].cell
    _begin(cell, dataset, scales)
    whole = _scanned(cell, dataset, config, (scales.scaled(data[0]), scales.scaled(data[1])))
    best = _trained(whole, dataset, config, objective, progress, scales.y_scale**2, config.epochs)
    fold(model, scales)
    return _training(best, "validation" in dataset.by_split(), scales.y_scale**2, started)


def refine_free_run(
    model: keras.Model, dataset: Dataset, config: TrainingConfig, objective: Objective, progress: bool = True
) -> Training:
    """Train a linear model that was solved further in place, by `config.polish` second-order steps as there.

    They make the error of the free run small, in all weights and in the states in which trials begin.

    Raises:
        InputError: as for `train_with_core`.
        FloatingPointError: the loss was never finite.
    """
    started = time.perf_counter()
    whole = _scanned(model.layers[-1].cell, dataset, config, _arrays(dataset, config, objective))
    best = _trained(whole, dataset, config, objective, progress, 1.0, epochs=0)
    return _training(best, False, 1.0, started)


def _arrays(dataset: Dataset, config: TrainingConfig, objective: Objective) -> tuple[Arrays, Arrays]:
    """What is learned, and what validates: the training trials themselves where none do."""
    require_training(dataset)
    parts = dataset.by_split()
    raw = training_arrays(parts["train"], objective)
    checked = training_arrays(parts["validation"], objective) if "validation" in parts else raw
    return superposed(raw, config.superpose, config.seed), checked


def _scanned(cell: keras.Layer, dataset: Dataset, config: TrainingConfig, data: tuple[Arrays, Arrays]) -> ScannedCell:
    free, warm_up = dataset.extra.get("start") == "fit", int(dataset.extra.get("warm_up", 0))
    return ScannedCell(cell, data[0], data[1], free, warm_up, config.weight_decay)


def _trained(
    whole: ScannedCell,
    dataset: Dataset,
    config: TrainingConfig,
    objective: Objective,
    progress: bool,
    unit: float,
    epochs: int,
) -> Best:
    """Adam, then second-order steps; the cell keeps the best weights. `unit` turns a loss into the data's.

    Without epochs, what was solved is refined: as in solving it, the training loss decides, not that of validation.
    """
    require(
        not config.weight_decay or whole.weights <= _FEW,
        f"weight decay is for models of at most {_FEW} weights, and this one has {whole.weights}: choose fewer units",
    )
    best, validated = Best(whole.first), epochs > 0 and "validation" in dataset.by_split()
    judge = whole.judge if epochs else whole.loss
    with ProgressBar(epochs + config.polish, objective.squared, progress, validated, unit) as bar:
        if epochs:
            adam(whole.ask, judge, best, epochs, config.learning_rate, bar.show)
        else:
            solved = whole.loss(best.parameters)
            best.judge(best.parameters, solved, solved)
        if config.polish and whole.weights <= _FEW:
            levenberg_marquardt(whole, judge, best, config.polish, bar.show)
        elif config.polish:
            lbfgs(whole.ask, judge, best, config.polish, bar.show)
    if best.epoch < 0:
        raise FloatingPointError("training diverged: its loss was never finite; use a smaller learning rate")
    whole.keep(best.parameters)
    return best


def _training(best: Best, validated: bool, unit: float, started: float) -> Training:
    """How it went; `unit` turns a loss into the data's."""
    loss, validation = (unit * np.asarray(each) for each in (best.loss, best.validation))
    history = {"loss": loss.tolist(), "rmse": np.sqrt(loss).tolist()}
    if validated:
        history |= {"val_loss": validation.tolist(), "val_rmse": np.sqrt(validation).tolist()}
    return Training(history, best.epoch, time.perf_counter() - started, "fast")


def _begin(cell: AffineCell, dataset: Dataset, scales: Scales) -> None:
    """Let a cell's linear part begin as the state space of its order, in scaled units; the rest adds nothing."""
    starts: dict[type, Callable[[AffineCell, Core], dict[str, np.ndarray]]] = {
        LfrCell: _begin_lfr,
        ResidualGruCell: _begin_residual,
        LruCell: _begin_lru,
    }
    if type(cell) in starts:
        order = min(cell.order, 12) if isinstance(cell, LruCell) else cell.order
        cell.set_named(starts[type(cell)](cell, _core(_scaled(dataset, scales), order)))


def _scaled(dataset: Dataset, scales: Scales) -> Dataset:
    trials = []
    for trial in dataset.by_split()["train"]:
        if trial.y is None:
            raise InputError(f"trial {trial.name!r} has no outputs to learn")
        x = (np.asarray(trial.x[:], float) - scales.x_shift) / scales.x_scale
        y = (np.asarray(trial.y[:], float) - scales.y_shift) / scales.y_scale
        trials.append(replace(trial, x=x, y=y))
    return replace(dataset, trials=tuple(trials))


def _core(dataset: Dataset, order: int) -> Core:
    """The state space of an order, its states uncorrelated and of size one on the training trials."""
    from surrogates.steps.layers import step_of
    from surrogates.steps.running import resting, run_step

    model = state_space(len(dataset.x_names), len(dataset.y_names), order=order)
    fit_state_space(dataset)(model)
    a, b, c, d, rest, e = (np.asarray(each, float) for each in model.layers[-1].cell.get_weights())
    step, ends = step_of(model), []
    for trial in dataset.trials[:20]:
        x = np.asarray(trial.x[:], float)
        pieces = np.stack([x[first : first + 100] for first in range(0, max(1, len(x) - 99), 100)])
        ends.append(run_step(step, pieces, resting(step, len(pieces)))[1]["s"])
    reached = np.concatenate(ends)
    if e.any():  # nothing rests: states are measured from their mean, at which a free run then begins
        mean = reached.mean(0)
        e, rest = e + a @ mean - mean, rest + c @ mean
        reached = reached - mean
    size, turn = np.linalg.eigh(np.atleast_2d(reached.T @ reached) / len(reached))
    back = turn * np.sqrt(np.maximum(size, _FLAT * size.max()))
    forth = np.linalg.inv(back)
    return forth @ a @ back, forth @ b, c @ back, d, rest, forth @ e


def _rows(*matrices: np.ndarray) -> np.ndarray:
    """Matrices that stand before columns, as one that stands behind rows."""
    return np.concatenate(matrices, axis=1).T


def _begin_lfr(cell: AffineCell, core: Core) -> dict[str, np.ndarray]:
    a, b, c, d, rest, e = core
    silent = np.zeros((len(a), cell.units)), np.zeros((len(c), cell.units))
    return {"a": _rows(a, b, silent[0]), "c": _rows(c, d, silent[1]), "rest": rest, "e": e}


def _begin_residual(cell: AffineCell, core: Core) -> dict[str, np.ndarray]:
    a, b, c, d, rest, e = core
    out = np.concatenate([np.eye(len(c)), np.zeros((cell.units, len(c)))])
    return {"a": _rows(a, b), "l": _rows(c, d), "l_bias": rest, "e": e, "c": out}


def _begin_lru(cell: AffineCell, core: Core) -> dict[str, np.ndarray]:
    poles = np.linalg.eigvals(core[0])
    poles = poles[poles.imag >= 0]
    first = cell.named_weights()
    size, angle = np.clip(np.abs(poles), 1e-3, 1 - 1e-5), np.abs(np.angle(poles))
    nu, theta = first["nu"].copy(), first["theta"].copy()
    nu[: len(poles)], theta[: len(poles)] = np.log(-np.log(size)), angle
    driven = first["b"] * np.tile(np.sqrt(1 - np.exp(-2 * np.exp(nu))), 2)
    return {"nu": nu, "theta": theta, "b": driven}
