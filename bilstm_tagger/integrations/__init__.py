"""Where people already work: what connects a tagger to other libraries that call it."""
