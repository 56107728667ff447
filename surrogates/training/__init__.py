"""How any model is fitted and scored: kinds of model, the trainer, its engines, metrics, selection."""
