"""From settings and corpora to a model folder."""

from bilstm_tagger.training.run import train

__all__ = ["train"]
