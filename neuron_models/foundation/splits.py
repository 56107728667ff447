"""The parts that the trials of a scenario or a dataset are divided into."""

SPLITS = ("train", "validation", "test")
