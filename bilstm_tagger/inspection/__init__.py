"""States, gradients and scores inside the network while it tags a text."""
