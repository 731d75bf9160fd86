"""Measurements against published figures and peers; each module is a command that takes `--data DIR`."""
