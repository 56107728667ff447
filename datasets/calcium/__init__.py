"""Whole-brain calcium imaging: recordings in, behaviour states, features, and a generator of recordings."""
