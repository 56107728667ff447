"""Labels as people make them: every change is in a journal before it counts."""
