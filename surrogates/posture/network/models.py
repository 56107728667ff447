"""The models that predict and generate postures, by name."""

from dataclasses import replace

from surrogates.posture.network.networks import posture_lstm, posture_lstm_paper
from surrogates.posture.network.segments import stretches
from surrogates.posture.network.training import BY_FRAME, train_on_pieces, train_on_windows
from surrogates.training.model_kind import ModelKind, model_table

_POSTURE = ModelKind(
    posture_lstm,
    learning_rate=0.004,
    effort={"epochs": 100, "batch_size": 8},
    objective=BY_FRAME,
    train=train_on_pieces,
    task="next_step",
    prepare=stretches,
    commands="surrogates.posture.network.commands",
)
POSTURE_MODELS: dict[str, ModelKind] = model_table(
    {
        "posture_lstm": _POSTURE,
        "posture_lstm_paper": replace(
            _POSTURE, build=posture_lstm_paper, learning_rate=0.001, effort={"batch_size": 450}, train=train_on_windows
        ),
    }
)
"""Those that predict and generate postures."""
