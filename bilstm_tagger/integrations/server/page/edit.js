// The dialog in which a name or a tag is corrected.

import { make } from "./view.js";
import { sentenceOf, textOf } from "./documents.js";

const element = (id) => document.getElementById(id);
let state = null;

/**
 * Open the dialog for some tokens of a document.
 * given: { tagged, start, end, label, task, labels, tagTask, tags, tag, save }
 */
export function correct(given) {
  state = { ...given, first: given.start, last: given.end };
  const choices = [...given.labels.map((label) => [label, label]), ["", "no name"]];
  const set = element("edit-labels");
  set.replaceChildren(set.firstElementChild, ...choices.map(([value, shown]) => {
    const radio = make("input", { type: "radio", name: "label", value });
    radio.checked = value === (given.label ?? given.labels[0] ?? "");
    return make("label", { class: "choice" }, radio, shown);
  }));
  set.hidden = !given.task;
  const select = element("edit-tag");
  select.replaceChildren(...(given.tags ?? []).map((tag) => make("option", { value: tag }, tag)));
  if (given.tag) select.value = given.tag;
  show();
  element("edit").returnValue = "";
  element("edit").showModal();
  set.querySelector("input:checked")?.focus();
}

function show() {
  const { tagged, start, end } = state;
  element("edit-text").textContent = textOf(tagged, start, end);
  element("edit-tag-label").hidden = !state.tagTask || end - start !== 1;
  const [first, last] = sentenceOf(tagged, start);
  const possible = { "start-1": start > first, start1: end - start > 1, "end-1": end - start > 1, end1: end < last };
  for (const button of element("edit-ends").children) {
    button.disabled = !possible[button.dataset.end + button.dataset.step];
  }
}

element("edit-ends").addEventListener("click", (event) => {
  const { end, step } = event.target.dataset;
  if (!end) return;
  state[end] += Number(step);
  show();
});

element("edit").addEventListener("close", () => {
  if (element("edit").returnValue !== "save") return;
  const { tagged, start, end, task } = state;
  const place = { from: tagged.starts[start], to: tagged.ends[end - 1] };
  const corrections = [];
  if (task) {
    const value = element("edit-labels").querySelector("input:checked")?.value ?? "";
    const unchanged = value === (state.label ?? "") && start === state.first && end === state.last;
    // A name that has been made shorter leaves nothing behind where it was.
    if (!unchanged && state.label) {
      const old = { from: tagged.starts[state.first], to: tagged.ends[state.last - 1] };
      corrections.push({ ...old, task, label: null });
    }
    if (!unchanged && (value || !state.label)) corrections.push({ ...place, task, label: value || null });
  }
  const tag = element("edit-tag").value;
  if (state.tagTask && end - start === 1 && tag && tag !== state.tag) {
    corrections.push({ ...place, task: state.tagTask, tag });
  }
  if (corrections.length) state.save(corrections);
});
