"""A dataset, and a model of every kind that answers stimuli."""

import pytest

from surrogates.registry import MODELS, train_model
from surrogates.training.configuration import TrainingConfig

SMALL = {
    "linear": {"lags": 2},
    "state_space": {"order": 4},
    "modal": {"ridge": -8, "poles": 6},
    "tdnn": {"units": 5},
    "narx": {"units": 4},
}


@pytest.fixture(scope="session")
def data(linear_response):
    return linear_response()


class Models(dict):
    """Every kind of model that the project saves: the linear ones fitted, the others with their first weights."""

    def __init__(self, data):
        self.data = data

    def __missing__(self, kind):
        if kind in ("linear", "state_space", "modal"):
            self[kind] = train_model(kind, self.data, TrainingConfig(), SMALL[kind], progress=False)[0]
        else:
            self[kind] = MODELS[kind].build(2, 2, **SMALL.get(kind, {"units": 4}), seed=3)
        return self[kind]


@pytest.fixture(scope="session")
def models(data):
    return Models(data)
