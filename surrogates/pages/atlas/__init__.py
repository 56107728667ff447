"""The page that holds a wiring's predictions beside the signal propagation atlas."""
