"""Worm postures: recordings of midlines, eigenworms, paths, features, and a generator of crawling worms."""
