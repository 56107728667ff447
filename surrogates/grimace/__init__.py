"""Models of facial grimace: a score of each unit, and pain, from a photograph of a face."""
