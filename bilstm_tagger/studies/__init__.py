"""Claims about LSTMs, measured."""
