"""Training, validation and test parts: by name, by size, in time, and from a file of their own."""
