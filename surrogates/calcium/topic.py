"""What the topic calcium hands over to the registry."""

from surrogates.calcium.forecasts.models import TRAJECTORY_MODELS
from surrogates.calcium.states.models import STATE_MODELS

MODELS = {**STATE_MODELS, **TRAJECTORY_MODELS}
