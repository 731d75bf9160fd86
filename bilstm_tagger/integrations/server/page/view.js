// A tagged document on the page: words that can be focused, names in colour, tags under the words.

import { colour } from "./colours.js";
import { spansOf, tagsOf, textOf } from "./documents.js";

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function percent(share) {
  return share >= 0.9995 ? "100" : (100 * share).toFixed(share >= 0.1 ? 0 : 1);
}

const UNSHOWN = new Set(["PUNCT", "_"]); // wider than what they stand under, and of no interest

const CLOSES = /^[.,;:!?)\]}»”’'"%…]+$/;

function wordAt(tagged, token) {
  return tagged.text.slice(tagged.starts[token] ?? tagged.text.length, tagged.ends[token]);
}

function wordLabel(word, tag, name) {
  const parts = [word];
  if (tag) parts.push(tag);
  if (name) parts.push(`in ${name}`);
  return parts.join(", ");
}

/**
 * An element that shows a document.
 * how: { task, tagTask, threshold, chosen, infos (tasks of the model), differs (keys of names to be outlined) }
 */
export function drawn(tagged, number, how) {
  const labels = how.infos[how.task]?.labels ?? [];
  const spans = how.task ? spansOf(tagged, how.task, how.threshold, how.chosen) : [];
  const tags = how.tagTask ? tagsOf(tagged, how.tagTask) : null;
  const box = make("div", {
    class: "text", role: "listbox", "aria-multiselectable": "true", "aria-label": tagged.id ?? "Tagged text",
    "data-document": number,
  });
  let place = 0;
  let next = 0;
  let mark = null;
  let run = null; // a word with the signs behind it, which stay in its line
  for (let token = 0; token < tagged.starts.length; token++) {
    const span = spans[next];
      const gap = tagged.text.slice(place, Math.max(place, tagged.starts[token]));
    if (gap) (mark ?? box).append(gap);
    if (span && span.start === token) {
      const name = `${textOf(tagged, span.start, span.end)}: ${span.label}`;
      mark = make("mark", { role: "group", "aria-label": name });
      if (span.corrected) mark.classList.add("corrected");
      if (how.differs?.has(key(span))) mark.classList.add("differs");
      if (span.probability != null) mark.style.setProperty("--sure", span.probability.toFixed(3));
      colour(mark, span.label, labels);
      box.append(mark);
    }
    const from = Math.max(place, tagged.starts[token]);
    const word = tagged.text.slice(from, tagged.ends[token]);
    const below = tags && !UNSHOWN.has(tags[token]) ? tags[token] : null;
    const element = make(below ? "ruby" : "span", {
      class: "token", role: "option", tabindex: token === 0 ? "0" : "-1", "data-token": token,
      "aria-selected": "false",
      "aria-label": wordLabel(word, tags?.[token], mark && span ? span.label : null),
    }, word);
    if (below) {
      const small = make("rt", { "aria-hidden": "true" }, below);
      colour(small, below, how.infos[how.tagTask].labels);
      element.append(small);
    }
    const glued = CLOSES.test(wordAt(tagged, token + 1)) && tagged.starts[token + 1] === tagged.ends[token]
      && span?.end !== token + 1 && span?.start !== token + 1;
    if (glued && !run) {
      run = make("span", { class: "run", role: "presentation" });
      (mark ?? box).append(run);
    }
    (run ?? mark ?? box).append(element);
    if (!glued) run = null;
    place = Math.max(place, tagged.ends[token]);
    if (mark && span && span.end === token + 1) {
      mark.append(make("span", { class: "label", "aria-hidden": "true" }, span.label));
      mark = null;
      next++;
    }
  }
  box.append(tagged.text.slice(place));
  return box;
}

export function key(span) {
  return `${span.start}-${span.end}-${span.label}`;
}

function bars(title, shares, labels) {
  const list = make("dl");
  for (const [label, share] of Object.entries(shares)) {
    if (share < 0.001) continue;
    const bar = make("span", { class: "bar" });
    bar.style.setProperty("--share", share);
    colour(bar, label, labels);
    list.append(make("dt", {}, label), make("dd", {}, bar, `${percent(share)} %`));
  }
  return [make("p", {}, title), list];
}

/** What is known of a token: the probabilities of its name and of its tags. */
export function detailsOf(tagged, token, how) {
  const parts = [];
  const spans = how.task ? spansOf(tagged, how.task, how.threshold, how.chosen) : [];
  const span = spans.find((each) => each.start <= token && token < each.end);
  if (span) {
    const name = textOf(tagged, span.start, span.end);
    if (span.corrected) parts.push(make("p", {}, `${name}: ${span.label}, corrected`));
    else if (span.alternatives) parts.push(...bars(name, span.alternatives, how.infos[how.task].labels));
    else parts.push(make("p", {}, `${name}: ${span.label}, probability not known`));
  }
  for (const task of span ? [how.tagTask] : [how.task, how.tagTask]) {
    const shares = tagged.alternatives?.[task]?.[token];
    if (shares) parts.push(...bars(`${textOf(tagged, token, token + 1)} (${task})`, shares, how.infos[task].labels));
  }
  return parts;
}
