"""The models of calls, by name."""

from surrogates.calls.detection.evaluation import evaluate_detection
from surrogates.calls.detection.unet import calls_unet, entropy_of_calls, varied
from surrogates.training.configuration import EarlyStopping, Objective
from surrogates.training.model_kind import ModelKind, model_table

CALL_MODELS: dict[str, ModelKind] = model_table(
    {
        "calls_unet": ModelKind(
            calls_unet,
            learning_rate=0.004,
            objective=Objective(
                entropy_of_calls, transform=varied, stopping=EarlyStopping(cosine_decay=True), at_once=16
            ),
            task="detection",
            training_defaults={"epochs": 15, "batch_size": 8},
            evaluate=evaluate_detection,
            source="Ronneberger et al. 2015",
        )
    }
)
"""Those that find calls."""
