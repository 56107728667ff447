"""What generators of videos draw with: parts of bodies, grounds, cameras, and the movies that come of them."""
