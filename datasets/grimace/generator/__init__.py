"""Faces drawn from curves: units, individuals, coats, light, pose, blur, cage bars, simulated raters."""
