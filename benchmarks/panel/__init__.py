"""The panel: names and parts of speech on texts of many kinds."""
