"""What the loss of neurons does to the worm's answers to touch, and what a wiring predicts of it."""
