"""A generator of worm postures whose speed, bends and turns are known."""
