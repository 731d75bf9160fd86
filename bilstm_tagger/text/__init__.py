"""Raw text to tokens and sentences."""
