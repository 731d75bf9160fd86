"""What more processes and machines give: `python -m benchmarks.scale --data DIR`."""
