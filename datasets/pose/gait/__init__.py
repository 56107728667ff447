"""How animals with legs walk: swing and stance, gaits by a hidden Markov model, and how legs are coordinated."""
