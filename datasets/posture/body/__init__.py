"""A worm's body in its medium: rods, springs, dampers and drag, bent by muscles."""
