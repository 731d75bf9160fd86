"""How well `review` finds annotation errors, and how much annotation `suggest` saves.

    python -m benchmarks.curation.review --data DIR --jobs 4
    python -m benchmarks.curation.suggest --data DIR --jobs 4

Both need numpy, numba, pydantic, safetensors and torch alone, and a folder with conll2003/, conllpp/ and glove/. Each
cell runs in a process of its own with one thread, and its result is kept beside the others in
`benchmarks/runs/curation`: what is there is not run again.
"""
