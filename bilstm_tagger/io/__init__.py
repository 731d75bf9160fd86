"""Reading text files and writing files and folders whole."""
