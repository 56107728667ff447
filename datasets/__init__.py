"""One dataset type for every topic, its store, and the sources that fill it."""
