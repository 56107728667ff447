"""Hidden Markov models of any topic: fitted to symbols, decoded from symbols or from likelihoods."""
