"""Tagging text: the tagger, and the runtime under it."""
