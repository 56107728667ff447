"""Models of worm postures: a network that predicts and generates them, and what is read from it."""
