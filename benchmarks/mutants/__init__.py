"""Would the tests notice? A sample of small changes to the code, each tested: `python -m benchmarks.mutants`.

The changes are those of mutmut, applied one at a time in a copy of the sources, as an unprivileged user where it is run
as root: a changed line may write or remove files that nobody meant.
"""
