"""Generated recordings of calls with exact truth."""
