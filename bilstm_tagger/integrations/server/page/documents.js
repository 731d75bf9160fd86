// Tagged documents as the page keeps them: what the model found, and what a person corrected.

/** Offsets count characters (code points) on the server and UTF-16 units here; the latter of each of the former. */
function unitOffsets(text) {
  const units = [];
  let at = 0;
  for (const character of text) {
    units.push(at);
    at += character.length;
  }
  units.push(at);
  return units;
}

/** A document of an answer, with offsets in UTF-16 units beside those of the server. */
export function prepared(record) {
  const units = unitOffsets(record.text);
  return {
    ...record,
    starts: record.start_char.map((place) => units[place]),
    ends: record.end_char.map((place) => units[place]),
    corrections: [],
  };
}

/** Where the only occurrence of a part begins; -1 if there is none, or several. */
function onlyPlace(text, part) {
  const first = text.indexOf(part);
  return text.indexOf(part, first + 1) < 0 ? first : -1;
}

/**
 * What was corrected in an earlier version of a text and still stands in the new one, at its new place. What lies before
 * or behind the one stretch that differs has only moved; within it words are found again if they are there once.
 */
export function carriedOver(corrections, before, after) {
  const most = Math.min(before.length, after.length);
  let same = 0;
  while (same < most && before[same] === after[same]) same++;
  let tail = 0;
  while (tail < most - same && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  const moved = after.length - before.length;
  return corrections.flatMap((each) => {
    if (each.to <= same) return [each];
    if (each.from >= before.length - tail) return [{ ...each, from: each.from + moved, to: each.to + moved }];
    const words = before.slice(each.from, each.to);
    const place = onlyPlace(before, words) < 0 ? -1 : onlyPlace(after, words);
    return place < 0 ? [] : [{ ...each, from: place, to: place + words.length }];
  });
}

/** The tokens of a correction; null if its ends are none of tokens any more. */
export function tokensOf(document, correction) {
  const start = document.starts.indexOf(correction.from);
  const end = document.ends.indexOf(correction.to);
  return start >= 0 && end >= start ? [start, end + 1] : null;
}

/** The spans of a task: those of the model that are probable enough, with corrections in place of what they touch. */
export function spansOf(document, task, threshold = 0, chosen = null) {
  let spans = document.spans.filter((span) =>
    span.task === task && (threshold === 0 || (span.probability ?? 0) >= threshold));
  for (const correction of document.corrections) {
    if (correction.task !== task || correction.tag !== undefined) continue;
    const tokens = tokensOf(document, correction);
    if (tokens === null) continue;
    const [start, end] = tokens;
    spans = spans.filter((span) => span.end <= start || span.start >= end);
    if (correction.label !== null) spans.push({ task, label: correction.label, start, end, corrected: true });
  }
  if (chosen !== null) spans = spans.filter((span) => chosen.has(span.label));
  return spans.sort((left, right) => left.start - right.start);
}

/** The tags of a task without spans, with corrections. */
export function tagsOf(document, task) {
  const tags = [...(document.tags[task] ?? [])];
  for (const correction of document.corrections) {
    if (correction.task !== task || correction.tag === undefined) continue;
    const tokens = tokensOf(document, correction);
    if (tokens !== null) tags[tokens[0]] = correction.tag;
  }
  return tags;
}

export function textOf(document, start, end) {
  return document.text.slice(document.starts[start], document.ends[end - 1]);
}

/** The tokens of the sentence that holds a token, from first to end. */
export function sentenceOf(document, token) {
  return document.sentences.find(([first, end]) => first <= token && token < end);
}

/** The document as it is sent to be written in a format. */
export function forExport(document, tasks, threshold, chosen) {
  const spans = [];
  const tags = {};
  for (const [task, info] of Object.entries(tasks)) {
    if (!info.spans) {
      tags[task] = tagsOf(document, task);
      continue;
    }
    for (const { label, start, end } of spansOf(document, task, threshold, chosen)) {
      spans.push({ task, label, start, end });
    }
  }
  const { id, text, sentences, start_char, end_char } = document;
  const words = document.words ? { words: document.words } : {};
  return { id, text, sentences, start_char, end_char, tags, spans, ...words };
}

/** Distinct names with their counts, the most frequent first. */
export function counted(documents, task, threshold, chosen) {
  const rows = new Map();
  documents.forEach((document, number) => {
    for (const span of spansOf(document, task, threshold, chosen)) {
      const text = textOf(document, span.start, span.end).replace(/\s+/g, " ");
      const key = JSON.stringify([text, span.label]);
      const row = rows.get(key) ?? { text, label: span.label, count: 0, document: number, token: span.start };
      row.count++;
      rows.set(key, row);
    }
  });
  return [...rows.values()].sort((left, right) =>
    right.count - left.count || (left.text < right.text ? -1 : left.text > right.text ? 1 : 0));
}
