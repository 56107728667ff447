"""What the topic grimace hands over to the registry."""

from surrogates.grimace.models import GRIMACE_MODELS

MODELS = GRIMACE_MODELS
