"""What happens inside the network while it reads a text."""
