"""A local page on which people correct calls."""
