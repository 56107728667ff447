"""What the topic behaviour hands over to the registry."""

from surrogates.behaviour.models import BEHAVIOUR_MODELS

MODELS = BEHAVIOUR_MODELS
