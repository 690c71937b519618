// The figures: how much was said, how quickly, how well.

import { make } from "../view.js";
import { bars, columns } from "./chart.js";
import { Frame } from "./frame.js";
import * as service from "./service.js";
import { dayName, duration } from "./time.js";
import { percent } from "./understanding.js";

const $ = (id) => document.getElementById(id);

let days = 7;
let figures = null;

const frame = new Frame({ onEnter: load, onLeave: clear, onWords: write });

async function load() {
  const wanted = days;
  await frame.act(async () => {
    const found = await service.figures(wanted);
    if (wanted === days && frame.me !== null) figures = found;
  });
  write();
}

function clear() {
  figures = null;
  $("figures").replaceChildren();
}

function write() {
  document.title = `${frame.words.say("dashboard")} · kefu`;
  if (figures === null) return;
  const cards = [containment, response, thumbs, volume, reasons, languages, models];
  $("figures").replaceChildren(...cards.map((draw) => draw(frame.words, figures)));
}

// --- what every card is made of

function card(title, kind, ...parts) {
  return make("section", { class: `card ${kind}` }, make("h2", {}, title), ...parts);
}

// `rows` begin with their name; all but names are numbers.
function table(caption, heads, rows) {
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  const body = rows.map(([name, ...cells]) => make("tr", {}, make("th", { scope: "row" }, name), ...cells.map((cell) => make("td", {}, String(cell)))));
  const drawn = make("table", {}, make("caption", { class: "unseen" }, caption), make("thead", {}, head), make("tbody", {}, ...body));
  return make("div", { class: "table", tabindex: "0", role: "region", "aria-label": caption }, drawn);
}

function pair(chart, figures) {
  return make("div", { class: "pair" }, chart, figures);
}

function counted(words, title, heads, counts, nameOf) {
  const rows = Object.entries(counts).sort(([, one], [, other]) => other - one);
  if (rows.length === 0) return card(title, "small-card", make("p", { class: "aside" }, words.say("nothingYet")));
  const chart = bars(rows.map(([name, value]) => ({ name: nameOf(name), value, said: String(value) })));
  return card(title, "small-card", pair(chart, table(title, heads, rows.map(([name, value]) => [nameOf(name), value]))));
}

// --- the cards

function containment(words, { containment: found }) {
  const title = words.say("containment");
  const about = make("p", { class: "aside" }, words.say("containmentAbout"));
  if (!found.ended) return card(title, "wide", about, make("p", {}, words.say("noneEnded")));
  const parts = ["satisfied", "contained", "handed_over", "abandoned"].map((name) => ({
    name: words.say(name === "handed_over" ? "handedOverPart" : name),
    value: found[name],
    said: percent(found[name] / found.ended),
    kind: name === "satisfied" ? "first" : "second",
  }));
  const rows = [...parts.map(({ name, value, said }) => [name, value, said]), [words.say("ended"), found.ended, percent(1)]];
  const rate = make("p", { class: "rate" }, found.rate === null ? "–" : percent(found.rate));
  const heads = [words.say("conversationsCount"), words.say("count"), words.say("share")];
  return card(title, "wide", make("div", { class: "lead" }, rate, about), pair(bars(parts, found.ended), table(title, heads, rows)));
}

function response(words, { response_seconds: { assistant, agent_first } }) {
  const title = words.say("response");
  const rows = [
    [words.say("responseAssistant"), assistant],
    [words.say("responseAgent"), agent_first],
  ].map(([name, { p50, p95 }]) => [name, duration(words, p50), duration(words, p95)]);
  return card(title, "small-card", table(title, ["", words.say("median"), words.say("p95")], rows));
}

function volume(words, { volume: found }) {
  const title = words.say("volume");
  if (!found.some((one) => one.messages)) return card(title, "wide", make("p", { class: "aside" }, words.say("nothingYet")));
  const [conversations, messages] = [words.say("conversationsCount"), words.say("messagesCount")];
  const chart = columns(found.map((one) => ({ name: dayName(words, one.day), values: [one.conversations, one.messages] })));
  const legend = make("p", { class: "legend", "aria-hidden": "true" }, make("i", { class: "first" }), conversations, make("i", { class: "second" }), messages);
  const sum = (name) => found.reduce((total, one) => total + one[name], 0);
  const rows = [...found].reverse().map((one) => [dayName(words, one.day), one.conversations, one.messages]);
  rows.unshift([words.say("total"), sum("conversations"), sum("messages")]);
  return card(title, "wide", pair(make("div", {}, chart, legend), table(title, [words.say("day"), conversations, messages], rows)));
}

function reasons(words, { hand_over_reasons }) {
  const nameOf = (name) => words.say(`reason_${name}`) ?? name;
  return counted(words, words.say("reasons"), [words.say("reason"), words.say("count")], hand_over_reasons, nameOf);
}

function thumbs(words, { thumbs: { up, down } }) {
  const title = words.say("thumbs");
  if (up + down === 0) return card(title, "small-card", make("p", { class: "aside" }, words.say("nothingYet")));
  const rows = [
    { name: words.say("thumbsUp"), value: up, said: percent(up / (up + down)) },
    { name: words.say("thumbsDown"), value: down, said: percent(down / (up + down)), kind: "second" },
  ];
  const figures = table(title, [title, words.say("count")], rows.map(({ name, value }) => [name, value]));
  return card(title, "small-card", pair(bars(rows, up + down), figures));
}

function languages(words, { languages: found }) {
  const nameOf = (name) => words.say(`language_${name}`) ?? name;
  return counted(words, words.say("languages"), [words.say("languageName"), words.say("conversationsCount")], found, nameOf);
}

function models(words, { models: found }) {
  const title = words.say("models");
  if (found.length === 0) return card(title, "wide", make("p", { class: "aside" }, words.say("nothingYet")));
  const heads = ["model", "version", "messagesCount", "thumbsUp", "thumbsDown", "corrections"].map((name) => words.say(name));
  const rows = found.map((one) => [one.model, one.version, one.messages, one.thumbs_up, one.thumbs_down, one.corrections]);
  return card(title, "wide", table(title, heads, rows));
}

document.querySelectorAll("[data-days]").forEach((button) => {
  button.addEventListener("click", () => {
    days = Number(button.dataset.days);
    document.querySelectorAll("[data-days]").forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
    load();
  });
});

frame.start();
