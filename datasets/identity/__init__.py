"""Which animal is which in a video of several: regions, fragments, crossings, and scores of identities."""
