"""What the topic of colour marks hands over to the registry: no models; its colours are fitted from clicks."""

from surrogates.training.model_kind import ModelKind

MODELS: dict[str, ModelKind] = {}
