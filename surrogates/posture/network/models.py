"""The models that predict and generate postures, by name."""

from dataclasses import replace

from datasets.dataset import Dataset
from datasets.posture.recording import select_strain
from surrogates.posture.network.evaluation import evaluate_next_frame
from surrogates.posture.network.networks import posture_lstm, posture_lstm_paper
from surrogates.posture.network.segments import segments
from surrogates.posture.network.training import BY_FRAME, train_on_pieces, train_on_windows
from surrogates.training.model_kind import ModelKind, model_table


def of_strain(dataset: Dataset, seed: int, strain: str = "") -> Dataset:
    """The recordings of one strain; all when its name is empty."""
    return select_strain(dataset, strain) if strain else dataset


_POSTURE = ModelKind(
    posture_lstm,
    learning_rate=0.004,
    training_defaults={"epochs": 100, "batch_size": 8},
    objective=BY_FRAME,
    train=train_on_pieces,
    task="next_step",
    prepare=segments,
    select=of_strain,
    select_settings={"strain": ""},
    evaluate=evaluate_next_frame,
    source="Li et al. 2017",
)
POSTURE_MODELS: dict[str, ModelKind] = model_table(
    {
        "posture_lstm": _POSTURE,
        "posture_lstm_paper": replace(
            _POSTURE,
            build=posture_lstm_paper,
            learning_rate=0.001,
            training_defaults={"batch_size": 450},
            train=train_on_windows,
        ),
    }
)
"""Those that predict and generate postures."""
