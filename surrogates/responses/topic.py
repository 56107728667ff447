"""What the topic responses hands over to the registry."""

from surrogates.responses.models.table import MODELS

__all__ = ["MODELS"]
