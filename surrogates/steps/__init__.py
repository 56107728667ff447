"""What a model computes in one time step, as data: read by exports, and run to find where a record begins."""
