"""What the topic calls hands over to the registry."""

from surrogates.calls.models import CALL_MODELS

MODELS = CALL_MODELS
