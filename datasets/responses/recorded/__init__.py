"""Recorded inputs and outputs of any system: tables in files, and the public benchmarks of system identification."""
