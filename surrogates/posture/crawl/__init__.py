"""Simulated worms that crawl: the command, its page, its tables."""
