"""The model folder: what it holds, saving and loading it."""
