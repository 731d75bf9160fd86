"""The page in a real browser, Debian's chromium."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from server_under_test import served

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.integrations.server.app import create_app
from bilstm_tagger.integrations.server.workers import ThreadWorkers
from bilstm_tagger.tagging.tagger import Tagger

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium")
EVIL = "<script>window.evil = 1</script><img src=x onerror='window.evil = 1'>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_api.sync_playwright() as playwright:
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=root)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tagger: Tagger) -> Iterator[str]:
    other = Tagger(tagger.info, tagger.runtime)
    with served(create_app(ThreadWorkers({"one": tagger, "two": other}))) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A fresh page; an error in a script, or a look elsewhere, fails the test."""
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    page.set_default_timeout(15_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on(
        "request", lambda request: None if request.url.startswith((address, "blob:")) else faults.append(request.url)
    )
    page.goto(address)
    page.wait_for_selector("#model option", state="attached")
    yield page
    context.close()
    assert faults == []


def type_text(page: Page, text: str) -> None:
    page.fill("#text", text)
    until(page, SHOWN, text)


def save(page: Page) -> None:
    """Saves a correction, and waits until the page has heard that the dialog is closed, which comes as an event."""
    page.click('#edit button[value="save"]')
    page.evaluate("() => new Promise(done => setTimeout(done, 100))")


SHOWN = """() => {
    const box = document.querySelector('#views .text')?.cloneNode(true);
    box?.querySelectorAll('rt, .label').forEach(each => each.remove());
    return box?.textContent;
}"""


def until(page: Page, script: str, value: object) -> None:
    """Waits until a script gives a value; playwright's own waiting needs `eval`, which the page forbids."""
    end = time.monotonic() + 20
    while (seen := page.evaluate(script)) != value:
        assert time.monotonic() < end, (seen, value)
        time.sleep(0.02)


def names_on(page: Page, view: int = 0) -> list[tuple[str, str]]:
    """Texts and labels of the names in colour."""
    script = """view => [...document.querySelectorAll(`[data-view="${view}"] mark`)].map(mark => {
        const name = mark.cloneNode(true);
        name.querySelectorAll('rt, .label').forEach(each => each.remove());
        return [name.textContent, mark.querySelector('.label').textContent];
    })"""
    return [tuple(each) for each in page.evaluate(script, view)]


def test_names_and_tags_are_shown_as_one_types(page: Page, tagger: Tagger, named: str) -> None:
    page.click("#text")
    page.keyboard.type(named[:20], delay=1)
    page.keyboard.type(named[20:])
    until(page, SHOWN, named)
    document = tagger(named)
    assert names_on(page) == [(span.text, span.label) for span in document.spans]
    shown = page.eval_on_selector_all("rt", "all => all.map(each => each.textContent)")
    assert shown == document.tags["upos"]  # none of them is PUNCT, which is not shown
    rows = page.eval_on_selector_all(
        "#rows tr", "all => all.map(row => [...row.children].map(each => each.textContent))"
    )
    counts: dict[tuple[str, str], int] = {}
    for span in document.spans:
        counts[span.text, span.label] = counts.get((span.text, span.label), 0) + 1
    assert {(text, label): int(count) for text, label, count in rows} == counts
    assert [int(row[2]) for row in rows] == sorted(counts.values(), reverse=True)


def test_a_key_is_answered_in_a_tenth_of_a_second(page: Page, named: str) -> None:
    """The time from the key to the drawn names, as the page sees it; the best of several, for the machine does more."""
    type_text(page, named)
    page.evaluate("""() => {
        window.times = [];
        let began = null;
        document.getElementById('text').addEventListener('input', () => { began ??= performance.now(); });
        new MutationObserver(() => requestAnimationFrame(() => {
            if (began !== null) window.times.push(performance.now() - began);
            began = null;
        })).observe(document.getElementById('views'), { childList: true });
    }""")
    page.click("#text")
    page.keyboard.press("End")
    for number in range(1, 7):
        page.keyboard.press("a")
        until(page, "window.times.length", number)
    assert min(page.evaluate("window.times")) < 100


def test_markup_in_text_labels_and_names_of_files_runs_nothing(
    page: Page, tagger: Tagger, browser: Browser, tmp_path: Path
) -> None:
    type_text(page, EVIL)
    path = tmp_path / "<img src=x onerror=window.evil=1>.txt"
    path.write_text(EVIL, "utf-8")
    page.set_input_files("#open", path)
    page.wait_for_selector("h3.file")
    assert page.inner_text("h3.file") == path.name
    assert page.inner_text("#file-names") == path.name
    bad = tmp_path / "<script>window.evil=1<script>.png"
    bad.write_bytes(b"x")
    page.set_input_files("#open", [path, bad])
    page.wait_for_selector("#problem:not([hidden])")
    assert "<script>window.evil=1<script>.png: files of this kind" in page.inner_text("#problem")
    assert page.evaluate("window.evil") is None
    from dataclasses import replace

    label = "<script>window.evil=1</script>"
    vocab = replace_tags(tagger, label)
    with served(
        create_app(ThreadWorkers({EVIL: Tagger(replace(tagger.info, vocab=vocab), tagger.runtime)}))
    ) as address:
        other = browser.new_page()
        other.goto(address)
        other.wait_for_selector("#model option", state="attached")
        type_text(other, "the boat left Turin in 1999 and Rain fell at 42 .")
        other.wait_for_selector("mark")
        assert label in other.inner_text("#views")
        other.hover("mark")
        other.click("mark .token")
        assert label in other.inner_text("#edit")
        assert other.evaluate("window.evil") is None
        other.close()


def replace_tags(tagger: Tagger, label: str) -> Any:
    """The vocabulary with another label in place of each."""
    import copy

    vocab = copy.copy(tagger.vocab)
    tags = [tag if tag == "O" else f"{tag[:2]}{label}{tag[2:]}" for tag in vocab.tags["ner"]]
    vocab.tags = {**vocab.tags, "ner": tags}
    return vocab


def test_what_is_not_read_of_a_file_is_noted_until_another_is_opened(page: Page, tmp_path: Path) -> None:
    table, plain = tmp_path / "a.csv", tmp_path / "b.txt"
    table.write_text('text\nAda came.\n""\n', "utf-8")
    plain.write_text("Ada came.", "utf-8")
    page.set_input_files("#open", table)
    page.wait_for_selector("#notes li")
    assert page.inner_text("#notes") == "1 row or record without a text is an empty document: a.csv (1)"
    assert page.is_hidden("#problem")
    page.set_input_files("#open", plain)
    page.wait_for_selector("#notes", state="hidden")


def test_labels_and_a_threshold_choose_names(page: Page, tagger: Tagger, named: str) -> None:
    type_text(page, named)
    document = tagger(named, probabilities=True)
    page.uncheck('#labels input[value="PER"]')
    assert names_on(page) == [(span.text, span.label) for span in document.spans if span.label != "PER"]
    page.check('#labels input[value="PER"]')
    least = sorted(span.probability or 0.0 for span in document.spans)[1]
    threshold = int(100 * least) / 100
    page.fill("#threshold", str(threshold))
    expected = [(span.text, span.label) for span in document.spans if (span.probability or 0) >= threshold]
    assert names_on(page) == expected


def test_probabilities_are_read_by_pointer_and_keyboard(page: Page, tagger: Tagger, named: str) -> None:
    type_text(page, named)
    document = tagger(named, probabilities=True)
    span = document.spans[0]
    page.hover(f'.token[data-token="{span.start}"]')
    told = page.inner_text("#details")
    assert span.text in told and span.label in told and "%" in told
    page.mouse.move(0, 0)
    page.focus('.token[data-token="0"]')
    for _ in range(span.start):
        page.keyboard.press("ArrowRight")
    assert page.inner_text("#details") == told
    assert page.evaluate("document.activeElement.dataset.token") == str(span.start)
    assert page.get_attribute(f'.token[data-token="{span.start}"]', "aria-describedby") == "details"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.dataset.token") == str(len(document) - 1)
    page.keyboard.press("Escape")
    assert page.is_hidden("#details")


def test_a_correction_is_made_by_keyboard_kept_and_downloaded(page: Page, tmp_path: Path) -> None:
    text = "Zoë 😀 saw Ada Lovelace . Rain fell ."
    type_text(page, text)
    page.fill("#threshold", "1")  # no names but those that are made here
    page.focus('.token[data-token="0"]')
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    assert page.inner_text("#edit-text") == "Ada Lovelace"
    page.check('#edit-labels input[value="PER"]')
    page.keyboard.press("Enter")
    page.wait_for_selector("mark.corrected")
    assert names_on(page) == [("Ada Lovelace", "PER")]
    page.fill("#text", "Then " + text + " The end .")  # what is typed before and behind moves it
    until(page, SHOWN, f"Then {text} The end .")
    assert names_on(page) == [("Ada Lovelace", "PER")]
    for format, column in (("jsonl", -1), ("conll", 2)):
        page.select_option("#format", format)
        with page.expect_download() as download:
            page.click("#save")
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        read = read_corpus(path, {"ner": column}).settle("ner")
        assert [span.text for document in read for span in document.spans_of("ner")] == ["Ada Lovelace"]
    assert json.loads((tmp_path / "tagged.jsonl").read_text("utf-8"))["text"] == f"Then {text} The end ."
    page.click("#undo")
    assert names_on(page) == []


def test_a_correction_of_words_that_were_changed_is_told_to_be_gone(page: Page) -> None:
    type_text(page, "Noor saw Ada . Rain fell .")
    page.click('.token[data-token="2"]')
    page.check('#edit-labels input[value="PER"]')
    save(page)
    assert page.inner_text("#corrections") == "1 correction in it."
    type_text(page, "Noor saw Ada ! Rain fell .")
    assert page.inner_text("#corrections") == "1 correction in it."
    type_text(page, "Noor saw Adam ! Rain fell .")
    assert "dropped, since the words were changed" in page.inner_text("#corrections")


def test_a_name_is_widened_relabelled_and_taken_away_by_pointer(page: Page, named: str, tagger: Tagger) -> None:
    type_text(page, named)
    words = named.split()
    span = next(span for span in tagger(named).spans if words[span.end - 1] != "." != words[span.end])
    other = "LOC" if span.label == "PER" else "PER"
    page.click(f'.token[data-token="{span.start}"]')
    page.click('[data-end="end"][data-step="1"]')
    page.check(f'#edit-labels input[value="{other}"]')
    save(page)
    wider = " ".join(words[span.start : span.end + 1])
    assert (wider, other) in names_on(page)
    page.click(f'.token[data-token="{span.start}"]')
    page.check('#edit-labels input[value=""]')
    save(page)
    assert (wider, other) not in names_on(page)
    assert not page.query_selector(f'mark .token[data-token="{span.start}"]')
    page.click('.token[data-token="0"]')
    page.keyboard.press("Escape")
    assert page.inner_text("#corrections") == "2 corrections in it."


def test_two_models_are_compared(page: Page, tagger: Tagger, named: str) -> None:
    type_text(page, named)
    page.select_option("#compare", "two")
    page.wait_for_selector('[data-view="1"] mark')
    assert names_on(page, 0) == names_on(page, 1) == [(span.text, span.label) for span in tagger(named).spans]
    assert page.query_selector("mark.differs") is None
    span = tagger(named).spans[0]
    page.click(f'[data-view="0"] .token[data-token="{span.start}"]')
    page.check('#edit-labels input[value=""]')
    save(page)
    assert len(page.query_selector_all('[data-view="1"] mark.differs')) == 1
    assert "1 name only here" in page.inner_text('[data-view="1"] h3')


def test_a_phone_needs_no_scrolling_to_the_side(browser: Browser, address: str, named: str) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto(address)
    page.wait_for_selector("#model option", state="attached")
    type_text(page, named + " " + "x" * 200)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()


def test_everything_has_a_name_for_screen_readers(page: Page, named: str) -> None:
    type_text(page, named)
    unnamed = page.evaluate("""() => [...document.querySelectorAll('button, input, select, textarea, [tabindex]')]
        .filter(each => !(each.ariaLabel || each.labels?.length || each.textContent.trim()
            || each.getAttribute('aria-labelledby'))).map(each => each.outerHTML)""")
    assert unnamed == []
    assert page.evaluate("document.documentElement.lang") == "en"
    assert len(page.query_selector_all('.token[tabindex="0"]')) == 1  # one stop for Tab, arrows from there


def test_a_token_is_asked_for(browser: Browser, tagger: Tagger) -> None:
    with served(create_app(ThreadWorkers({"one": tagger}), token="secret")) as address:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("#token-label:not([hidden])")
        assert "token is missing" in page.inner_text("#problem")
        page.fill("#token", "secret")
        page.keyboard.press("Tab")
        page.wait_for_selector("#model option", state="attached")
        type_text(page, "Ada came.")
        assert page.is_hidden("#problem")
        page.close()
