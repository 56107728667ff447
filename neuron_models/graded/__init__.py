"""Networks of point neurons whose synapses follow the voltage behind them without spikes."""
