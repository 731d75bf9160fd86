"""Statements about LSTMs, compared with measurements."""
