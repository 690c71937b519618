// How messages look. Text of customers, articles and the assistant is always text, never HTML.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

export function customerMessage(words, { text, imageUrl, audioUrl, heard }) {
  const message = make("article", { class: "message customer" }, make("span", { class: "unseen" }, words.say("you")));
  if (imageUrl) message.append(make("img", { class: "sent", src: imageUrl, alt: words.say("picture") }));
  if (audioUrl) message.append(make("audio", { controls: true, src: audioUrl, "aria-label": words.say("recording"), preload: "metadata" }));
  if (text) message.append(make("div", { class: "bubble" }, text));
  if (heard !== undefined && heard !== null) message.append(heardText(words, heard));
  return message;
}

export function agentMessage(words, { text, agent }) {
  const name = make("span", { class: "name" }, agent || words.say("person"));
  return make("article", { class: "message agent" }, name, make("div", { class: "bubble" }, text));
}

export function heardText(words, text) {
  return make("p", { class: "heard" }, text ? `${words.say("heard")}: ${text}` : words.say("nothingHeard"));
}

export class AssistantMessage {
  constructor(words, { onCite }) {
    this.words = words;
    this.onCite = onCite;
    this.citations = [];
    this.speech = [];
    this.bubble = make("div", { class: "bubble", hidden: true });
    this.waits = make("div", { class: "bubble" }, make("span", { class: "waiting", role: "img", "aria-label": words.say("waiting") }, ...[0, 1, 2].map(() => make("i"))));
    this.element = make("article", { class: "message assistant" }, make("span", { class: "unseen" }, words.say("assistant")), this.waits, this.bubble);
  }

  addSentence({ text, citations, speech_url }) {
    this.waits.remove();
    this.bubble.hidden = false;
    const line = make("p", {}, text);
    for (const id of citations) {
      if (!this.citations.includes(id)) this.citations.push(id);
      const number = String(this.citations.indexOf(id) + 1);
      line.append(make("button", { type: "button", class: "cite", "aria-label": `${this.words.say("source")} ${number}`, onclick: () => this.onCite(id) }, number));
    }
    this.bubble.append(line);
    if (speech_url) this.speech.push(speech_url);
  }

  addAction({ title, status, details }) {
    this.waits.remove();
    const facts = make("p", {}, details.join(" · "));
    this.element.append(make("div", { class: `action ${status}` }, make("p", {}, make("strong", {}, title), ` · ${this.words.say(status)}`), facts));
  }

  // Below the answer: listen to it, and say whether it helped.
  addControls({ thumb, onListen, onThumb }) {
    if (this.bubble.hidden) return;
    const row = make("div", { class: "under" });
    if (this.speech.length) row.append(this.control("sound", "listen", () => onListen(this.speech)));
    const thumbs = ["up", "down"].map((name) => {
      const button = this.control(name, name, async () => {
        const chosen = button.getAttribute("aria-pressed") === "true" ? null : name;
        await onThumb(chosen);
        for (const other of thumbs) other.setAttribute("aria-pressed", String(chosen !== null && other === button));
      });
      button.setAttribute("aria-pressed", String(thumb === name));
      return button;
    });
    row.append(...thumbs);
    this.element.append(row);
  }

  control(name, label, onclick) {
    const said = this.words.say(label);
    return make("button", { type: "button", class: "quiet", "aria-label": said, title: said, onclick }, icon(name));
  }

  remove() {
    this.element.remove();
  }

  get isEmpty() {
    return this.bubble.hidden && !this.element.querySelector(".action");
  }
}

export function between(text) {
  return make("p", { class: "between" }, text);
}

// Draw the plain Markdown of an article: headings, lists, paragraphs; marks of emphasis are left out.
export function articleText(markdown) {
  const drawn = document.createDocumentFragment();
  for (const block of markdown.split(/\n\s*\n/)) {
    const lines = block.trim().split("\n").map((line) => line.replaceAll(/\*\*|__|`/g, ""));
    const heading = /^#+\s+(.*)$/.exec(lines[0]);
    if (heading) {
      drawn.append(make("h3", {}, heading[1]));
      lines.shift();
    }
    if (lines.length === 0 || lines.join("") === "") continue;
    if (lines.every((line) => /^\s*([-*]|\d+\.)\s+/.test(line))) {
      drawn.append(make("ul", {}, ...lines.map((line) => make("li", {}, line.replace(/^\s*([-*]|\d+\.)\s+/, "")))));
    } else {
      drawn.append(make("p", {}, lines.join(document.documentElement.lang === "zh-Hans" ? "" : " ")));
    }
  }
  return drawn;
}
