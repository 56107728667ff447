"""Behaviours of animals from the tracks of their points: labels, features, ethograms and scores."""
