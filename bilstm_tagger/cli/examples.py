"""What `--help` of each command shows at its end: lines to copy."""

from __future__ import annotations

EXAMPLES = {
    "": (
        'bilstm-tagger predict --text "Ada Lovelace wrote to Charles Babbage from London."',
        "bilstm-tagger train --train train.conll --dev dev.conll --output models/mine",
    ),
    "train": (
        "bilstm-tagger train --train train.conll --dev dev.conll --output models/mine",
        "bilstm-tagger train --train names.csv --output models/mine --init-from en",
        "bilstm-tagger train experiment.toml --set encoder.layers=2 --output models/two-layers",
    ),
    "evaluate": (
        "bilstm-tagger evaluate test.conll --model models/mine",
        "bilstm-tagger evaluate test.conll --model models/mine --errors errors.html",
        "bilstm-tagger evaluate test.conllu --model en --column upos=UPOS --raw",
        "bilstm-tagger evaluate --predictions tagged.conll --gold-column 2 --column 3",
    ),
    "compare": ("bilstm-tagger compare test.conll models/mine tagged.conll --differences differences.html",),
    "results": ("bilstm-tagger results models/mine models/two-layers --format latex",),
    "sweep": ("bilstm-tagger sweep sweep.toml --output sweeps/rates",),
    "review": (
        "bilstm-tagger review train.conll --folds 5 --output review.csv",
        "bilstm-tagger review train.conll --apply review.csv --output corrected.conll",
    ),
    "suggest": ("bilstm-tagger suggest mails --number 100 --model models/mine --output next.jsonl",),
    "serve": ("bilstm-tagger serve", "bilstm-tagger serve --model en --model models/mine --port 8000"),
    "calibrate": ("bilstm-tagger calibrate dev.conll --model models/mine --precision 0.95",),
    "predict": (
        'bilstm-tagger predict --text "Ada Lovelace wrote to Charles Babbage from London."',
        "bilstm-tagger predict mails --output tagged --workers auto",
        "bilstm-tagger predict notes.txt --format jsonl --probabilities --model models/mine",
    ),
    "entities": (
        "bilstm-tagger entities mails --output names.csv",
        "bilstm-tagger entities mails --count --min-probability 0.9",
    ),
    "check": (
        "bilstm-tagger check train.conll dev.conll",
        "bilstm-tagger check train.conll --fix corrected.conll",
    ),
    "convert": (
        "bilstm-tagger convert train.conll train.jsonl",
        "bilstm-tagger convert train.conll iobes.conll --scheme IOBES",
    ),
    "info": ("bilstm-tagger info models/mine", "bilstm-tagger info user/name --json"),
    "models": ("bilstm-tagger models",),
    "inspect": ('bilstm-tagger inspect --text "Rain fell on Leeds." --html leeds.html',),
    "benchmark": ("bilstm-tagger benchmark", "bilstm-tagger benchmark notes.txt --model models/mine --seconds 0.5"),
    "study": (
        "bilstm-tagger study memory --output studies/memory",
        "bilstm-tagger study encoders --train train.conll --dev dev.conll --seeds 5",
    ),
    "study memory": ("bilstm-tagger study memory --seeds 5 --output studies/memory",),
    "study encoders": ("bilstm-tagger study encoders --train train.conll --dev dev.conll --seeds 5",),
}


def examples(command: str) -> str | None:
    """The examples of a command, as the end of its help; None if it has none.

    Args:
        command: its name, with that of its group; empty for the program itself.
    """
    lines = EXAMPLES.get(command)
    # Help joins lines that no empty line parts.
    return None if lines is None else "\n\n".join(["Example:" if len(lines) == 1 else "Examples:", *lines])
