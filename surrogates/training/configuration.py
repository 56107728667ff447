"""The settings of a training, and what it gives: epochs and rates, the objective, the history."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datasets.dataset import Dataset
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.units import Dimensionless, Seconds
from surrogates.training.checkpoint import Checkpoints

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray | None]
"""x, y and sample weight."""
Transform = Callable[[np.ndarray, np.ndarray, np.ndarray | None, np.random.Generator], Arrays]
"""Turns a batch into another when it is used: windows, augmentation, targets made on the fly."""

ENGINES = ("auto", "fast", "keras")
OPTIMIZERS = ("adam", "rmsprop")


@dataclass(frozen=True)
class EarlyStopping:
    """When the learning rate falls and when training ends, in epochs without a smaller validation loss.

    Wang et al. 2020 let the rate fall to a quarter (`rate_factor`) after 50 such epochs (`rate_patience`). With
    `cosine_decay` it falls from batch to batch too, along half a cosine to nothing at the last one: for trainings of a
    few epochs, which have no time to wait. `patience` ends the training.
    """

    rate_factor: Dimensionless = 0.25
    rate_patience: int = 50
    patience: int = 10**9
    cosine_decay: bool = False


@dataclass(frozen=True)
class TrainingConfig:
    """How long, in which steps, from which seed; the defaults are those of Barbulescu et al. 2023 for GRU and LSTM.

    `engine` says what trains: `fast` is this project's own for small networks on a CPU, `keras` is Keras's
    `fit`; `auto` takes the fast one where it can run the model and no GPU is there. Classifiers of windows and networks
    on postures have a fast one too, a whole training in one JAX program, which stops early; `auto` takes it on the
    backend JAX. `checkpoints` says where the training keeps its state, if it does: stopped, it continues from there.

    `scale` trains on inputs and outputs of mean 0 and deviation 1, and folds the scales into the weights afterwards;
    `anneal` lets the learning rate fall along half a cosine; `polish` are iterations after the last epoch: of L-BFGS,
    or, for models with a linear core, of the method of Levenberg and Marquardt. `weight_decay` adds to the loss of
    those, in scaled units, so much for each square of a weight's way from where it begins. `superpose` adds so many
    mixtures of two training trials, which are correct where the network is linear.
    """

    epochs: int = 1000
    batch_size: int = 32
    learning_rate: Dimensionless = 0.05
    seed: int = 0
    engine: str = "auto"
    scale: bool = False
    anneal: bool = False
    polish: int = 0
    superpose: int = 0
    weight_decay: Dimensionless = 0.0
    checkpoints: Checkpoints | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            require(value >= 1, f"{name.replace('_', ' ')} must be >= 1, got {value}")
        require(self.superpose >= 0, f"superpose must be >= 0 mixtures, got {self.superpose}")
        require(
            math.isfinite(self.weight_decay) and self.weight_decay >= 0,
            f"weight decay must be >= 0, got {self.weight_decay}",
        )
        require(self.polish >= 0, f"polish must be >= 0 iterations, got {self.polish}")
        require_seed(self.seed, "seed")
        require(self.engine in ENGINES, f"engine must be one of {', '.join(ENGINES)}, got {self.engine!r}")
        require(
            math.isfinite(self.learning_rate) and self.learning_rate > 0,
            f"learning rate must be > 0, got {self.learning_rate}",
        )


@dataclass(frozen=True)
class ReduceLROnPlateau:
    """The learning rate is multiplied by `factor` after `patience` epochs without a loss smaller by `min_delta`.

    The loss is that of validation, as in Keras's callback of this name.
    """

    factor: Dimensionless = 0.1
    patience: int = 3
    min_delta: Dimensionless = 1e-5


@dataclass(frozen=True)
class Objective:
    """What a model is trained for: the loss, what is watched beside it, what is done to every batch, and how.

    `transform` acts on training batches only; `arrays` turns a dataset into x, y and weight (its trials stacked, when
    not set otherwise). `loss` is a name of Keras's or a function of y and what the model gives. `stopping` holds for
    trainings that are one program, but for `cosine_decay`, which Keras's follow too; `plateau` holds for Keras's. An
    epoch has so many `batches`, whatever the number of samples; when 0, every sample comes once. Validation sees so
    many samples `at_once`; when 0, all.
    """

    loss: Any = "mean_squared_error"
    metrics: Sequence[Any] = ()
    transform: Transform | None = None
    arrays: Callable[[Dataset], Arrays] | None = None
    optimizer: str = "adam"
    stopping: EarlyStopping = EarlyStopping(patience=100)
    plateau: ReduceLROnPlateau | None = None
    batches: int = 0
    at_once: int = 0

    def __post_init__(self) -> None:
        known = ", ".join(OPTIMIZERS)
        require(self.optimizer in OPTIMIZERS, f"optimizer must be one of {known}, got {self.optimizer!r}")

    @property
    def squared(self) -> bool:
        """Whether the root of the loss is a root-mean-square error in the data's units."""
        return self.loss == "mean_squared_error"


REGRESSION = Objective()
CLASSIFICATION = Objective("sparse_categorical_crossentropy", ("sparse_categorical_accuracy",))


@dataclass(frozen=True)
class Training:
    """What training gave: `loss`, `val_loss` and metrics by epoch, the best epoch (from 0), the seconds, the engine.

    `settings` are the model's, with those that were chosen on the validation trials; `fit_model` fills them in.

    Of a squared loss, the history holds the roots too: `rmse` and `val_rmse`, in the data's units. `seconds` are those
    of learning alone, `compile_seconds` what compilers took beside: a first training compiles what later ones find.
    """

    history: dict[str, list[float]]
    best_epoch: int
    seconds: Seconds
    engine: str = "keras"
    settings: Mapping[str, Any] = field(default_factory=dict)
    compile_seconds: Seconds = 0.0
