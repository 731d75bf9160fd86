"""Where people already work: other libraries, data frames, a web page."""
