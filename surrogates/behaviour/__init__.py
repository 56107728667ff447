"""Classifiers of behaviours: boosted trees, boosted stumps and a random forest on window features."""
