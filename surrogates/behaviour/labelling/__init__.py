"""A local page on which people label behaviours."""
