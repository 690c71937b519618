// What the model saw in a customer's message, and why it says what it says.

import { make } from "../view.js";

const SHOWN_INTENTS = 5;

export function percent(share) {
  return `${Math.round(share * 100)}%`;
}

// A label as people call it: `titles` has the names of some, by language.
export function labelName(words, titles, label) {
  return titles[label]?.[words.language] ?? label.replaceAll("_", " ");
}

// The label that counts: an agent's before the model's; null where there is none.
export function labelOf({ correction, understanding }) {
  return correction ?? understanding?.intents[0]?.label ?? null;
}

export function seen(words, message, { labels, titles, onCorrect, onTakeBack }) {
  const { understanding } = message;
  const summary = make("summary", { "data-name": "summary" }, words.say("seen"), ...chips(words, message, titles));
  const rows = understanding ? facts(words, message, titles) : [[words.say("understanding"), [words.say("notYet")]]];
  const list = make("dl", {});
  for (const [name, parts] of rows) list.append(make("dt", {}, name), make("dd", {}, ...parts));
  const card = make("details", { class: "seen" }, summary, list);
  card.append(correctionForm(words, message, { labels, titles, onCorrect, onTakeBack }));
  return card;
}

function chips(words, { correction, understanding }, titles) {
  const drawn = [];
  const best = understanding?.intents[0];
  if (best) drawn.push(make("span", { class: correction ? "chip over" : "chip" }, `${labelName(words, titles, best.label)} ${percent(best.probability)}`));
  if (correction) drawn.push(make("span", { class: "chip right" }, `${words.say("corrected")}: ${labelName(words, titles, correction)}`));
  if (understanding?.out_of_scope) drawn.push(make("span", { class: "chip odd" }, words.say("outOfScope")));
  return drawn;
}

function facts(words, { understanding, model, model_version }, titles) {
  const { intents, out_of_scope, acts, entities, picture, heard, not_used } = understanding;
  const rows = [];
  const add = (name, ...parts) => rows.push([words.say(name), parts]);
  if (intents.length) add("intents", bars(words, intents, titles));
  else add("intents", words.say("notJudged"));
  add("inScope", words.say(out_of_scope ? "outOfScopeLong" : "inScopeLong"));
  if (acts.length) add("acts", acts.map((act) => words.say(`act_${act}`) ?? act).sort().join(" · "));
  if (entities.length) add("entities", lines(entities.map((entity) => entityLine(words, entity))));
  if (picture) {
    if (picture.fault) add("pictureFault", picture.fault);
    if (picture.lines.length) add("pictureLines", lines(picture.lines, "read"));
    if (picture.shows.length) add("pictureShows", bars(words, picture.shows, titles));
  }
  if (heard) add("heard", ...heardParts(words, heard));
  const left = Object.entries(not_used);
  if (left.length) add("notUsed", lines(left.map(([name, why]) => words.say("because", { name: words.say(`part_${name}`) ?? name, why }))));
  if (model) add("model", `${model} · ${model_version}`);
  return rows;
}

function heardParts(words, { text, confidence, seconds, recogniser }) {
  const said = make("p", {}, text ? `“${text}”` : words.say("nothingHeard"));
  const length = words.say("seconds", { seconds: seconds.toFixed(1) });
  return [said, make("p", { class: "aside" }, `${words.say("confidence")} ${percent(confidence)} · ${length} · ${recogniser}`)];
}

function entityLine(words, { kind, value, written, source }) {
  const name = words.say(`entity_${kind}`) ?? kind;
  const part = words.say(`part_${source}`) ?? source;
  return words.say(written === value ? "entityIn" : "entityAs", { name, value, written, part });
}

function lines(texts, kind = "lines") {
  return make("ul", { class: kind }, ...texts.map((text) => make("li", {}, text)));
}

function bars(words, guesses, titles) {
  const rows = guesses.slice(0, SHOWN_INTENTS).map(({ label, probability }) => {
    const fill = make("i", {});
    fill.style.width = `${probability * 100}%`;
    return make("li", {}, make("span", { title: label }, labelName(words, titles, label)), make("span", { class: "track", "aria-hidden": "true" }, fill), make("b", {}, percent(probability)));
  });
  return make("ul", { class: "bars" }, ...rows);
}

function correctionForm(words, message, { labels, titles, onCorrect, onTakeBack }) {
  const id = `label-${message.message_id}`;
  const chosen = labelOf(message);
  const choices = labels.map((label) => make("option", { value: label, selected: label === chosen }, labelName(words, titles, label)));
  if (!labels.includes(chosen)) choices.unshift(make("option", { value: "", selected: true, disabled: true }, words.say("chooseLabel")));
  const select = make("select", { id, "data-name": "label", required: true }, ...choices);
  const form = make("form", { class: "correct" }, make("label", { for: id }, words.say("rightLabel")), select);
  if (message.correction) {
    form.append(make("button", { type: "button", class: "edged", "data-name": "takeBack", onclick: onTakeBack }, words.say("takeBack")));
  }
  form.append(make("button", { type: "submit", class: "edged", "data-name": "correct" }, words.say("correct")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onCorrect(select.value);
  });
  return form;
}
