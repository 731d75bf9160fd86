"""Ways to calibrate probabilities and to find thresholds, compared on dev parts alone."""
