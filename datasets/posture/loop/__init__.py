"""The closed loop: neurons, an oscillator, muscles and a body, exchanged every millisecond."""
