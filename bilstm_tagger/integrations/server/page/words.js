// Pointer and keyboard on the words of tagged texts.

import { detailsOf } from "./view.js";

const details = document.getElementById("details");
let anchor = null; // the word where a selection by keyboard began

function placeOf(word) {
  const box = word.closest("[data-document]");
  return {
    view: Number(word.closest("[data-view]").dataset.view),
    number: Number(box.dataset.document),
    token: Number(word.dataset.token),
    box,
  };
}

function show(word, given) {
  const { view, number, token } = placeOf(word);
  const parts = detailsOf(given.documentOf(view, number), token, given.howOf(view));
  details.replaceChildren(...parts);
  details.hidden = parts.length === 0;
  word.setAttribute("aria-describedby", "details");
  const at = word.getBoundingClientRect();
  const own = details.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - own.width - 8));
  const below = at.bottom + 8;
  const top = below + own.height > document.documentElement.clientHeight ? at.top - own.height - 8 : below;
  details.style.left = `${left + window.scrollX}px`;
  details.style.top = `${Math.max(0, top) + window.scrollY}px`;
}

function hide() {
  details.hidden = true;
}

function select(box, from, to) {
  for (const word of box.querySelectorAll(".token")) {
    const token = Number(word.dataset.token);
    word.setAttribute("aria-selected", String(from !== null && token >= Math.min(from, to) && token <= Math.max(from, to)));
  }
}

function go(word, event, given) {
  const { box, token } = placeOf(word);
  const words = box.querySelectorAll(".token");
  const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -token, End: words.length - 1 - token };
  const next = words[token + (steps[event.key] ?? lineStep(words, token, event.key))];
  if (!next) return;
  anchor = event.shiftKey ? anchor ?? token : null;
  word.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
  select(box, anchor, Number(next.dataset.token));
  show(next, given);
}

/** Steps to the word that stands nearest in the line above or below. */
function lineStep(words, token, name) {
  const direction = name === "ArrowDown" ? 1 : -1;
  const own = words[token].getBoundingClientRect();
  let best = 0;
  let nearest = Infinity;
  let line = null;
  for (let at = token + direction; words[at]; at += direction) {
    const place = words[at].getBoundingClientRect();
    if (Math.abs(place.top - own.top) < own.height / 2) continue;
    line ??= place.top;
    if (Math.abs(place.top - line) > own.height / 2) break;
    const distance = Math.abs(place.left - own.left);
    if (distance < nearest) [best, nearest] = [at - token, distance];
  }
  return best;
}

/** given: { documentOf(view, number), howOf(view), correct(view, number, start, end) } */
export function listen(views, given) {
  const wordOf = (target) => (target instanceof Element ? target : target?.parentElement)?.closest(".token");

  views.addEventListener("pointerover", (event) => {
    const word = wordOf(event.target) ?? event.target.closest?.("mark")?.querySelector(".token");
    if (word) show(word, given);
  });
  views.addEventListener("pointerleave", hide);
  views.addEventListener("focusin", (event) => {
    const word = wordOf(event.target);
    if (word) show(word, given);
  });
  views.addEventListener("focusout", hide);
  views.addEventListener("keydown", (event) => {
    const word = wordOf(event.target);
    if (!word) return;
    if (["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) {
      event.preventDefault();
      go(word, event, given);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      const { view, number, token } = placeOf(word);
      const other = anchor ?? token;
      anchor = null;
      hide();
      given.correct(view, number, Math.min(token, other), Math.max(token, other) + 1);
    } else if (event.key === "Escape") {
      hide();
    }
  });
  views.addEventListener("click", (event) => {
    const chosen = window.getSelection();
    let words = [wordOf(event.target) ?? event.target.closest?.("mark")?.querySelector(".token")];
    if (!chosen.isCollapsed) words = [wordOf(chosen.anchorNode), wordOf(chosen.focusNode)];
    const places = words.filter(Boolean).map(placeOf);
    if (!places.length || places.some((each) => each.box !== places[0].box)) return;
    chosen.removeAllRanges();
    hide();
    const tokens = places.map((each) => each.token);
    given.correct(places[0].view, places[0].number, Math.min(...tokens), Math.max(...tokens) + 1);
  });
}
