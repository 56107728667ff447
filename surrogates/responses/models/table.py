"""The models of responses to stimuli, by name."""

from surrogates.responses.models.linear import fit_linear, linear
from surrogates.responses.models.narx import narx, train_open_loop
from surrogates.responses.models.recurrent import gru, lstm, rnn
from surrogates.responses.models.state_space import fit_state_space, state_space
from surrogates.responses.models.tdnn import tdnn
from surrogates.training.model_kind import ModelKind, model_table

COMMANDS = "surrogates.responses.commands"
_ORDERS = (1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 32)


MODELS: dict[str, ModelKind] = model_table(
    {
        "rnn": ModelKind(commands=COMMANDS, build=rnn, learning_rate=0.001),
        "lstm": ModelKind(commands=COMMANDS, build=lstm),
        "gru": ModelKind(commands=COMMANDS, build=gru),
        "linear": ModelKind(commands=COMMANDS, build=linear, solve=fit_linear, chosen={"lags": range(1, 9)}),
        "state_space": ModelKind(
            commands=COMMANDS,
            build=state_space,
            solve=fit_state_space,
            chosen={"order": _ORDERS},
        ),
        "tdnn": ModelKind(commands=COMMANDS, build=tdnn, learning_rate=0.001),
        "narx": ModelKind(commands=COMMANDS, build=narx, learning_rate=0.01, train=train_open_loop),
    }
)
"""Those that answer stimuli."""
