"""A local page on which people look at crossings and exchange animals."""
