"""The worm in three dimensions as one HTML file."""
