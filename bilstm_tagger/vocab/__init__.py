"""Words, characters, tags and features as ids; pretrained vectors."""
