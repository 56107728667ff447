"""The models of responses: recurrent, with time delays, linear, state space."""
