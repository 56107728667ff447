"""The posture network: models that predict the next frame, their training, free runs and what these are worth."""
