"""The files that a fit leaves, and resuming."""
