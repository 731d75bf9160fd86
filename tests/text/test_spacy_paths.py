"""Which way texts take through spaCy's rules, and which languages there are."""

from __future__ import annotations

import pytest

from bilstm_tagger.text.tokenizers import SpacyTokenizer, _spacy_languages


@pytest.mark.parametrize("language", ["es", "ru", "bg"])
def test_only_texts_with_a_rule_across_spaces_take_the_slow_way(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = SpacyTokenizer(language)
    wide = tokenizer._wide_rules
    slow: list[str] = []
    split = tokenizer._split_lines
    monkeypatch.setattr(tokenizer, "_split_lines", lambda text: slow.append(text) or split(text))
    tokenizer("one two three")
    assert slow == ([] if wide is not None else ["one two three"])
    for rule in (wide or [])[:1]:
        assert len(rule.split()) > 1
        slow.clear()
        tokenizer(f"one {rule} two")
        assert slow == [f"one {rule} two"]


def test_modules_are_no_languages() -> None:
    known = _spacy_languages()
    assert {"en", "de", "zh", "es", "ru"} <= set(known)
    assert not {"char_classes", "lex_attrs", "norm_exceptions", "punctuation", "tokenizer_exceptions"} & set(known)
