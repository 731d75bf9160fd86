"""What is promised, tried many times: `python -m benchmarks.torture.models`, `.training`, `.memory`."""
