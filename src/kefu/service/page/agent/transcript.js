// A conversation as the people of the shop see it: customers on the left, the shop on the right.

import { make } from "../view.js";
import * as service from "./service.js";
import { clock } from "./time.js";
import { seen } from "./understanding.js";

// Draw a message. `known` has labels and their titles; `actions` has onCite(article), onEnlarge(url), onCorrect(message, label) and onTakeBack(message).
export function drawMessage(words, conversation, message, known, actions) {
  if (message.sender === "customer") return customerMessage(words, conversation, message, known, actions);
  if (message.sender === "agent") return agentMessage(words, message);
  return assistantMessage(words, message, actions);
}

function frame(words, message, name) {
  const head = make("p", { class: "name" }, make("span", {}, name), make("time", { datetime: message.created_at }, clock(words, message.created_at)));
  return make("article", { class: `message ${message.sender}` }, head);
}

function customerMessage(words, conversation, message, known, { onEnlarge, onCorrect, onTakeBack }) {
  const drawn = frame(words, message, words.say("customer"));
  if (message.image) {
    const url = service.media(conversation, message.image);
    const image = make("img", { class: "sent", src: url, alt: words.say("customersPicture") });
    drawn.append(make("button", { type: "button", class: "enlarge", title: words.say("enlarge"), "data-name": "enlarge", onclick: () => onEnlarge(url) }, image));
  }
  if (message.audio) {
    const url = service.media(conversation, message.audio);
    drawn.append(make("audio", { controls: true, src: url, preload: "metadata", "aria-label": words.say("customersRecording") }));
  }
  if (message.text) drawn.append(make("div", { class: "bubble" }, message.text));
  if (message.heard !== null && message.heard !== undefined) {
    drawn.append(make("p", { class: "heard" }, message.heard ? `${words.say("heard")}: ${message.heard}` : words.say("nothingHeard")));
  }
  const given = { ...known, onCorrect: (label) => onCorrect(message, label), onTakeBack: () => onTakeBack(message) };
  drawn.append(seen(words, message, given));
  return drawn;
}

function assistantMessage(words, message, { onCite }) {
  const drawn = frame(words, message, words.say("assistant"));
  if (message.sentences.length) drawn.append(make("div", { class: "bubble" }, ...sentences(words, message.sentences, onCite)));
  if (message.action) {
    const { title, status, details } = message.action;
    const head = make("p", {}, make("strong", {}, title), ` · ${words.say(status)}`);
    drawn.append(make("div", { class: `action ${status}` }, head, make("p", {}, details.join(" · "))));
  }
  if (message.thumb) drawn.append(make("p", { class: `judged ${message.thumb}` }, words.say(`thumb_${message.thumb}`)));
  if (message.hand_over) {
    const reason = words.say(`reason_${message.hand_over}`) ?? message.hand_over;
    drawn.append(make("p", { class: "handed" }, words.say("handedOver", { reason })));
  }
  return drawn;
}

function sentences(words, said, onCite) {
  const ids = [];
  return said.map(({ text, citations }) => {
    const line = make("p", {}, text);
    for (const id of citations) {
      if (!ids.includes(id)) ids.push(id);
      const number = String(ids.indexOf(id) + 1);
      line.append(make("button", { type: "button", class: "cite", title: id, "aria-label": `${words.say("source")} ${number}: ${id}`, onclick: () => onCite(id) }, number));
    }
    return line;
  });
}

function agentMessage(words, message) {
  const drawn = frame(words, message, message.agent || words.say("colleague"));
  drawn.append(make("div", { class: "bubble" }, message.text));
  return drawn;
}
