"""`python -m bilstm_tagger` is the command line."""

from bilstm_tagger.cli import main

main()
