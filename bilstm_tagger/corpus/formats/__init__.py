"""One module per annotated format, each with `read` and `write`."""
