"""What the topic posture hands over to the registry."""

from surrogates.posture.network.models import POSTURE_MODELS

MODELS = POSTURE_MODELS
