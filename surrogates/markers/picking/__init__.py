"""A local page on which people click on marks."""
