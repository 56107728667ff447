"""Egocentric alignment of videos: animals found, followed and turned upright."""
