// The page: what is typed or dropped is tagged, shown, counted, corrected, and downloaded.

import * as api from "./api.js";
import { colour } from "./colours.js";
import { carriedOver, counted, forExport, prepared, spansOf, tagsOf, tokensOf } from "./documents.js";
import { correct } from "./edit.js";
import { key, drawn, make } from "./view.js";
import { listen } from "./words.js";

const element = (id) => document.getElementById(id);
const EXAMPLE = "Ada Lovelace wrote to Charles Babbage from London. The Royal Society keeps some of the letters, and "
  + "the University of Oxford has others.";

let models = new Map();
let files = []; // dropped; while there are none the typed text is tagged
let shown = []; // a view for each of the one or two models: { model, documents }
let taggedText = "";
let busy = false;
let again = false;
let group = 0; // of corrections that are undone together
let dropped = 0; // corrections of words that were changed afterwards

function show(problem) {
  element("problem").hidden = !problem;
  element("problem").textContent = problem?.message ?? "";
  if (problem?.status === 401) {
    element("token-label").hidden = false;
    element("token").focus();
  }
}

async function start() {
  try {
    const known = await api.models();
    models = new Map(known.models.map((model) => [model.name, model]));
    const options = () => [...models.keys()].map((name) => make("option", { value: name }, name));
    element("model").replaceChildren(...options());
    element("compare").replaceChildren(make("option", { value: "" }, "no other"), ...options());
    element("compare-label").hidden = models.size < 2;
    const format = element("format").value;
    element("format").replaceChildren(...Object.entries(known.formats).map(([name, suffix]) =>
      make("option", { value: name }, `${name} (${suffix})`)));
    if (format) element("format").value = format;
    element("open").accept = known.suffixes.join(",");
    show(null);
    modelChanged();
  } catch (problem) {
    show(problem);
  }
}

// What is shown, as the controls say it

const model = () => models.get(element("model").value);

function chosenLabels() {
  const boxes = [...element("labels").querySelectorAll("input")];
  return boxes.every((box) => box.checked) ? null : new Set(boxes.filter((box) => box.checked).map((box) => box.value));
}

function how(name = model().name) {
  const infos = models.get(name).tasks;
  const task = element("spans").value;
  const tagTask = element("tags").value;
  return {
    infos,
    task: infos[task] ? task : Object.keys(infos).find((each) => infos[each].spans) ?? "",
    tagTask: infos[tagTask] ? tagTask : "",
    threshold: Number(element("threshold").value),
    chosen: chosenLabels(),
  };
}

function modelChanged() {
  const tasks = Object.entries(model().tasks);
  const spans = tasks.filter(([, info]) => info.spans).map(([name]) => name);
  const plain = tasks.filter(([, info]) => !info.spans).map(([name]) => name);
  const option = (name) => make("option", { value: name }, name);
  element("spans").replaceChildren(...spans.map(option));
  element("spans-label").hidden = spans.length < 2;
  const tags = element("tags").value;
  element("tags").replaceChildren(make("option", { value: "" }, "nothing"), ...plain.map(option));
  element("tags").value = plain.includes(tags) ? tags : plain[0] ?? "";
  element("tags-label").hidden = plain.length === 0;
  spansChanged();
}

function spansChanged() {
  const labels = model().tasks[element("spans").value]?.labels ?? [];
  element("labels").hidden = labels.length === 0;
  const legend = element("labels").firstElementChild;
  element("labels").replaceChildren(legend, ...labels.map((label) => {
    const box = make("input", { type: "checkbox", value: label });
    box.checked = true;
    const chip = make("label", { class: "chip" }, box, label);
    colour(chip, label, labels);
    return chip;
  }));
  tag();
}

// Tagging: one request at a time; what was typed meanwhile follows at once

async function tag() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  do {
    again = false;
    await tagOnce();
  } while (again);
  busy = false;
}

async function tagOnce() {
  const text = element("text").value;
  const compared = element("compare").value;
  const names = [model().name, ...(compared && compared !== model().name ? [compared] : [])];
  const began = performance.now();
  try {
    const answers = await Promise.all(names.map((name) =>
      files.length ? api.tagFiles(name, files) : text ? api.tagText(name, text).then((documents) => ({ documents }))
        : { documents: [] }));
    const kept = files.length || shown[0]?.model !== names[0] ? [] : shown[0].documents[0]?.corrections ?? [];
    shown = answers.map((answer, number) => ({ model: names[number], documents: answer.documents.map(prepared) }));
    if (kept.length && shown[0].documents.length) {
      const document = shown[0].documents[0];
      const carried = carriedOver(kept, taggedText, text).filter((each) => tokensOf(document, each) !== null);
      document.corrections = carried;
      dropped += kept.length - carried.length;
    }
    taggedText = text;
    const { failures = [], notes = [] } = answers[0];
    show(failures.length ? new Error(`Not read: ${failures.join("; ")}`) : null);
    element("notes").replaceChildren(...notes.map((note) => make("li", {}, sentence(note))));
    render(performance.now() - began);
  } catch (problem) {
    element("notes").replaceChildren();
    show(problem);
  }
}

// Drawing

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function plural(count, what) {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

/** For each of two views the names that the other one does not have, by document. */
function differences() {
  const keys = shown.map((view) => view.documents.map((each) => {
    const { task, threshold, chosen } = how(view.model);
    return new Set(spansOf(each, task, threshold, chosen).map(key));
  }));
  return keys.map((own, number) => own.map((each, at) =>
    new Set([...each].filter((name) => !keys[1 - number][at]?.has(name)))));
}

function render(milliseconds = null) {
  const differs = shown.length === 2 ? differences() : null;
  element("views").replaceChildren(...shown.map((view, number) => {
    const article = make("article", { "aria-label": `Tagged by ${view.model}` });
    if (shown.length === 2) {
      const only = differs[number].reduce((sum, each) => sum + each.size, 0);
      article.append(make("h3", {}, view.model, make("span", { class: "quiet" }, ` ${plural(only, "name")} only here`)));
    }
    view.documents.forEach((each, at) => {
      if (each.id) article.append(make("h3", { class: "file" }, each.id));
      article.append(drawn(each, at, { ...how(view.model), differs: differs?.[number][at] }));
    });
    article.dataset.view = number;
    return article;
  }));
  summarise(milliseconds);
}

function summarise(milliseconds) {
  const documents = shown[0]?.documents ?? [];
  const { task, threshold, chosen } = how();
  const names = task ? counted(documents, task, threshold, chosen) : [];
  const tokens = documents.reduce((sum, each) => sum + each.starts.length, 0);
  const time = milliseconds === null ? "" : `, tagged in ${Math.round(milliseconds)} ms`;
  const count = names.reduce((sum, row) => sum + row.count, 0);
  element("status").textContent = documents.length ? `${plural(count, "name")}, ${plural(tokens, "token")}${time}` : "";
  element("rows").replaceChildren(...names.map((row) => {
    const button = make("button", { type: "button", class: "link" }, row.text);
    button.addEventListener("click", () => focusToken(row.document, row.token));
    const label = make("span", { class: "label" }, row.label);
    colour(label, row.label, model().tasks[task].labels);
    return make("tr", {}, make("th", { scope: "row" }, button), make("td", {}, label),
      make("td", { class: "number" }, String(row.count)));
  }));
  element("no-names").hidden = names.length > 0;
  const corrections = new Set(documents.flatMap((each) => each.corrections.map((one) => one.group))).size;
  element("corrections").textContent = (corrections ? `${plural(corrections, "correction")} in it.` : "")
    + (dropped ? ` ${plural(dropped, "correction")} dropped, since the words were changed.` : "");
  element("undo").hidden = corrections === 0;
  element("save").disabled = documents.length === 0;
}

function focusToken(document, token, view = 0) {
  const box = element("views").querySelector(`[data-view="${view}"] [data-document="${document}"]`);
  const word = box?.querySelector(`[data-token="${token}"]`);
  box?.querySelector('.token[tabindex="0"]')?.setAttribute("tabindex", "-1");
  word?.setAttribute("tabindex", "0");
  word?.focus();
}

// Words: details on hover and focus, corrections

listen(element("views"), {
  documentOf: (view, number) => shown[view].documents[number],
  howOf: (view) => how(shown[view].model),
  correct: (view, number, start, end) => {
    if (view !== 0) return; // only what is downloaded is corrected
    const tagged = shown[0].documents[number];
    const { infos, task, tagTask, threshold, chosen } = how();
    const touched = spansOf(tagged, task, threshold, chosen).find((each) => each.start < end && start < each.end);
    const single = touched && end - start === 1;
    const range = single ? [touched.start, touched.end] : [start, end];
    correct({
      tagged, start: range[0], end: range[1], task, labels: infos[task]?.labels ?? [], label: single ? touched.label : null,
      tagTask, tags: infos[tagTask]?.labels, tag: tagTask ? tagsOf(tagged, tagTask)[start] : null,
      save: (corrections) => {
        group++;
        tagged.corrections.push(...corrections.map((each) => ({ ...each, group })));
        render();
        focusToken(number, start);
      },
    });
  },
});

// Controls

function setFiles(list) {
  files = [...list];
  element("typed").hidden = files.length > 0;
  element("files").hidden = files.length === 0;
  element("file-names").replaceChildren(...files.map((file) => make("li", {}, file.name)));
  tag();
}

async function download() {
  const { threshold, chosen } = how();
  const documents = shown[0].documents.map((each) => forExport(each, model().tasks, threshold, chosen));
  try {
    const { name, content } = await api.exported(model().name, element("format").value, documents);
    const link = make("a", { href: URL.createObjectURL(content), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    show(null);
  } catch (problem) {
    show(problem);
  }
}

element("text").addEventListener("input", tag);
element("model").addEventListener("change", modelChanged);
element("compare").addEventListener("change", tag);
element("spans").addEventListener("change", spansChanged);
element("tags").addEventListener("change", () => render());
element("labels").addEventListener("change", () => render());
element("threshold").addEventListener("input", () => {
  element("threshold-value").textContent = Number(element("threshold").value).toFixed(2);
  render();
});
element("open").addEventListener("change", (event) => setFiles(event.target.files));
element("clear").addEventListener("click", () => {
  element("text").value = "";
  element("open").value = "";
  shown = [];
  dropped = 0;
  setFiles([]);
  element("text").focus();
});
element("example").addEventListener("click", () => {
  element("text").value = EXAMPLE;
  setFiles([]);
});
element("save").addEventListener("click", download);
element("undo").addEventListener("click", () => {
  const all = shown[0].documents.flatMap((each) => each.corrections.map((one) => one.group));
  const last = Math.max(...all);
  for (const each of shown[0].documents) each.corrections = each.corrections.filter((one) => one.group !== last);
  render();
});
element("token").addEventListener("change", () => {
  api.setToken(element("token").value);
  start();
});
for (const kind of ["dragover", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    if (kind === "drop") setFiles(event.dataTransfer.files);
  });
}

start();
