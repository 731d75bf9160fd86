"""Torch modules that know numbers only: ids, lengths, masks, scores. No text, no tag names."""
