"""The forced-choice test: people tell recorded worms from generated ones."""
