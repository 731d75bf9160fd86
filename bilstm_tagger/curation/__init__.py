"""What to correct in an annotated corpus, and what to annotate next."""
