"""What the topic identity hands over to the registry."""

from surrogates.training.model_kind import ModelKind

MODELS: dict[str, ModelKind] = {}
