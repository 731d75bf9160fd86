// A hue for each label; what it is used for is in the style sheet.

const HUES = {
  PER: 255, PERSON: 255, ORG: 185, LOC: 20, GPE: 42, MISC: 320, FAC: 160, NORP: 290, PRODUCT: 110, EVENT: 60,
  DATE: 140, TIME: 140, MONEY: 80,
  NOUN: 215, PROPN: 255, VERB: 5, AUX: 345, ADJ: 130, ADV: 95, PRON: 185, DET: 200, ADP: 40, NUM: 285, CCONJ: 60,
  SCONJ: 50, PART: 330, INTJ: 310, PUNCT: 0, SYM: 0, X: 0,
};
const GREY = new Set(["PUNCT", "SYM", "X"]);

function hue(label, labels) {
  const known = HUES[label.toUpperCase()];
  return known ?? Math.round((labels.indexOf(label) * 137.5 + 30) % 360); // the golden angle sets neighbours apart
}

export function colour(element, label, labels) {
  element.style.setProperty("--hue", hue(label, labels));
  element.style.setProperty("--chroma", GREY.has(label) ? "0" : "1");
}
