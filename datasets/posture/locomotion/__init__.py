"""Paths of crawling worms by resistive force theory."""
