"""Models of the data: recurrent surrogates, their baselines, training, scores and reports."""
