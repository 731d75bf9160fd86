"""What `check` looks for in a corpus."""
