"""All settings of a run: their meaning (`schema`) and where they come from (`loading`)."""
