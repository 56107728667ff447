"""Models of calcium recordings: behaviour states and trajectories by linear, perceptron and graph models."""
