"""Writing a corpus in another format or scheme, and saying what is lost."""
