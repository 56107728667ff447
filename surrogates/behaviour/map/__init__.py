"""A map of behaviours: frames that look alike lie together, hills of the map are regions."""
