"""Facial grimace of mice: scored photographs, raters, and faces whose units are known exactly."""
