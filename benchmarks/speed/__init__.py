"""Speed and memory beside peers, in one run on one machine: `python -m benchmarks.speed --data DIR`."""
