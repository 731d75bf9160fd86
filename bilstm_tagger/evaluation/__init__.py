"""Scores of a tagger on a corpus, and its speed."""
