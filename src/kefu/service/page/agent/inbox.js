// The inbox: who waits, what was said, and an answer to it.

import { article as getArticle } from "../service.js";
import { articleText, make } from "../view.js";
import { Frame } from "./frame.js";
import { showQueue, shownIds, stateName, tick } from "./queue.js";
import * as service from "./service.js";
import { KEYS, listenToKeys } from "./keys.js";
import { show } from "./show.js";
import { drawMessage } from "./transcript.js";

const LISTEN_AGAIN_MS = 3000;
const NEAR_THE_END_PX = 80;

const $ = (id) => document.getElementById(id);

let filter = "";
let queue = [];
let waiting = null; // ids of those that wait; null before they are known
let shown = null; // the conversation that is open, as the service tells it
let live = null;
let isSending = false;
let isAtEnd = true; // of the conversation; who reads further up stays there
const drafts = new Map(); // what was written and not yet sent: {text, key} by conversation
let draftsOf = null; // whoever logs in again finds them, nobody else

const frame = new Frame({ onEnter: enter, onLeave: leave, onWords: write });
const openId = () => decodeURIComponent(location.hash.slice(1));

function enter() {
  if (frame.me.name !== draftsOf) drafts.clear();
  draftsOf = frame.me.name;
  listen();
  refreshQueue();
  open();
}

// Nothing of the customers stays on the screen of somebody who is not logged in.
function leave() {
  keepDraft();
  live?.close();
  queue = [];
  waiting = null;
  $("groups").replaceChildren();
  $("news").replaceChildren();
  $("offline").textContent = "";
  $("empty").hidden = true;
  document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
  showNothing();
  writeTitle();
}

function write() {
  $("groups").replaceChildren();
  $("talk").replaceChildren();
  $("news").replaceChildren();
  frame.tell();
  $("words").placeholder = frame.words.say("placeholder");
  $("keys").replaceChildren(...KEYS.flatMap(([key, name]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, frame.words.say(name))]));
  writeTitle();
  if (frame.me === null) return;
  drawQueue();
  if (shown) drawConversation();
}

function writeTitle() {
  const count = waiting?.size ? `(${waiting.size}) ` : "";
  document.title = `${count}${frame.words.say("inbox")} · kefu`;
}

// --- what changes by itself

function listen() {
  live?.close();
  live = service.listen({
    onOpen: () => {
      if ($("offline").textContent) frame.tell();
      $("offline").textContent = "";
      refreshQueue(); // for what has changed meanwhile
      refreshConversation();
    },
    onChange: ({ conversation_id }) => {
      refreshQueue();
      if (conversation_id === openId()) refreshConversation();
    },
    onBreak: () => ($("offline").textContent = frame.words.say("reconnecting")),
    onEnd: () => setTimeout(reconnect, LISTEN_AGAIN_MS),
  });
}

async function reconnect() {
  if (frame.me === null) return;
  try {
    await service.me();
    listen();
  } catch (error) {
    if (error.status === 401) frame.leave(error);
    else setTimeout(reconnect, LISTEN_AGAIN_MS);
  }
}

// Return a function that loads, or loads once more after what is being loaded; its promise is kept when all has come.
function inTurn(load) {
  let running = null;
  let isAskedAgain = false;
  const run = async () => {
    await null; // so that `running` is set
    try {
      while (isAskedAgain && frame.me !== null) {
        isAskedAgain = false;
        await frame.attempt(load);
      }
    } finally {
      running = null;
    }
  };
  return () => {
    isAskedAgain = true;
    running ??= run();
    return running;
  };
}

const refreshQueue = inTurn(async () => {
  const wanted = filter;
  const open = await service.queue("");
  const found = wanted ? await service.queue(wanted) : open;
  if (frame.me === null || wanted !== filter) return;
  queue = found;
  tellNews(open.filter(({ state }) => state === "waiting"));
  drawQueue();
});

const refreshConversation = inTurn(async () => {
  const id = openId();
  if (!id) return;
  const found = await service.conversation(id).catch((error) => {
    const isGone = error.status === 404;
    if (id === openId() && (isGone || shown?.conversation_id !== id)) showNothing();
    throw error;
  });
  if (frame.me === null || id !== openId()) return;
  const isNew = shown?.conversation_id !== id;
  shown = found;
  drawConversation(isNew);
});

// --- the queue

function drawQueue() {
  showQueue(frame.words, $("groups"), queue, { me: frame.me.name, openId: openId() });
  $("empty").hidden = queue.length > 0;
  $("empty").textContent = frame.words.say(`empty_${filter || "open"}`);
}

function tellNews(found) {
  const before = waiting;
  waiting = new Set(found.map(({ conversation_id }) => conversation_id));
  writeTitle();
  const fresh = found.filter(({ conversation_id }) => before && !before.has(conversation_id) && conversation_id !== openId());
  const told = $("news").firstElementChild?.getAttribute("href")?.slice(1);
  if (fresh.length) {
    const { conversation_id, reason, last_text } = fresh.at(-1);
    const why = frame.words.say(`reason_${reason}`) ?? reason;
    const text = frame.words.say("newWaiting", { reason: why, text: last_text });
    $("news").replaceChildren(make("a", { href: `#${conversation_id}` }, text));
  } else if (told && !waiting.has(told)) {
    $("news").replaceChildren();
  }
}

document.querySelectorAll("[data-filter]").forEach((button) => {
  button.addEventListener("click", () => {
    filter = button.dataset.filter;
    document.querySelectorAll("[data-filter]").forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
    refreshQueue();
  });
});

function step(by) {
  const ids = shownIds($("groups"));
  if (ids.length === 0) return;
  const at = ids.indexOf(openId());
  location.hash = ids[at < 0 ? 0 : Math.min(ids.length - 1, Math.max(0, at + by))];
}

// --- the conversation

function open() {
  keepDraft();
  frame.tell();
  if (!openId()) return showNothing();
  document.body.classList.add("reading");
  $("opened").hidden = shown?.conversation_id !== openId();
  if (openId() === $("news").firstElementChild?.getAttribute("href").slice(1)) $("news").replaceChildren();
  drawQueue();
  refreshConversation();
}

function showNothing() {
  const left = shown?.conversation_id;
  shown = null;
  $("opened").hidden = true;
  $("nothing").hidden = false;
  $("talk").replaceChildren();
  $("words").value = "";
  document.body.classList.remove("reading");
  if (frame.me === null) return;
  drawQueue();
  $("groups").querySelector(`[data-id="${left}"] a`)?.focus();
}

function keepDraft() {
  if (shown === null) return;
  const text = $("words").value;
  if (text.trim()) drafts.set(shown.conversation_id, { text, key: drafts.get(shown.conversation_id)?.key });
  else drafts.delete(shown.conversation_id);
}

function drawConversation(isNew = false) {
  const { words, me } = frame;
  const { conversation_id, state, taken_by, messages, labels, titles } = shown;
  const isMine = state === "taken" && taken_by === me.name;
  const isOthers = state === "taken" && !isMine;
  $("opened").hidden = false;
  $("nothing").hidden = true;
  $("name").textContent = words.say("conversationName", { id: conversation_id.slice(0, 6) });
  $("facts").textContent = stateName(words, state, taken_by);
  $("facts").className = `state state-${state}`;
  $("take").hidden = isMine || isOthers;
  $("take").textContent = words.say("take");
  $("force").hidden = !(isOthers && me.isAdmin);
  $("force").textContent = words.say("force", { agent: taken_by });
  $("close").hidden = !isMine;
  $("erase").hidden = !me.isAdmin;
  $("composer").hidden = !isMine;
  $("why").hidden = isMine;
  $("why").textContent = isOthers ? words.say("onlyWho", { agent: taken_by }) : words.say(`why_${state}`);
  if (isNew) $("words").value = drafts.get(conversation_id)?.text ?? "";
  drawTalk(isNew, messages, { labels, titles });
  if (isNew && $("queue").offsetParent === null) document.querySelector(".back").focus(); // on a phone the list has gone
}

function drawTalk(isNew, messages, known) {
  const talk = $("talk");
  // what is new is told, but not a whole conversation when it is opened
  if (isNew) talk.setAttribute("aria-live", "off");
  else if (messages.length > talk.children.length) talk.setAttribute("aria-live", "polite");
  if (isNew) talk.replaceChildren();
  const items = messages.map((message) => ({ ...message, id: message.message_id, ...known }));
  show(talk, items, (item) => drawMessage(frame.words, shown.conversation_id, item, known, actions));
  if (isNew) isAtEnd = true;
  showEnd();
}

function showEnd() {
  if (isAtEnd) $("talk").scrollTop = $("talk").scrollHeight;
}

async function change(work) {
  const isDone = await frame.act(work);
  await refreshConversation();
  refreshQueue();
  return isDone;
}

const actions = {
  onCorrect: (message, label) => change(() => service.correct(shown.conversation_id, message.message_id, label)),
  onTakeBack: (message) => change(() => service.takeBack(shown.conversation_id, message.message_id)),
  onEnlarge: (url) => {
    $("large").src = url;
    $("large").alt = frame.words.say("customersPicture");
    $("picture").showModal();
  },
  onCite: (id) =>
    frame.act(async () => {
      const found = await getArticle(id, frame.words.language);
      $("articleTitle").textContent = found.title;
      $("articleText").replaceChildren(articleText(found.text));
      $("article").showModal();
    }),
};

async function take(force) {
  const { conversation_id } = shown;
  const isDone = await change(() => service.take(conversation_id, force));
  if (isDone) return $("words").focus();
  if (shown?.state === "taken" && shown.taken_by !== frame.me?.name) frame.tell(frame.words.say("takenFirst", { agent: shown.taken_by }));
}

async function erase() {
  const { conversation_id } = shown;
  $("erasing").close();
  const isDone = await frame.act(() => service.erase(conversation_id, $("eraseAll").checked));
  drafts.delete(conversation_id);
  if (!isDone) return;
  $("talk").replaceChildren();
  if (conversation_id === openId()) location.hash = "";
  refreshQueue();
}

async function send() {
  const text = $("words").value.trim();
  if (!text || isSending || $("composer").hidden) return;
  const { conversation_id } = shown;
  const known = drafts.get(conversation_id);
  const key = known?.text.trim() === text && known.key ? known.key : crypto.randomUUID(); // sent again, it is one message
  drafts.set(conversation_id, { text, key });
  isSending = $("send").disabled = true;
  const isDone = await frame.act(() => service.answer(conversation_id, text, key));
  isSending = $("send").disabled = false;
  if (isDone) {
    drafts.delete(conversation_id);
    if (shown?.conversation_id === conversation_id && $("words").value.trim() === text) $("words").value = "";
  }
  refreshConversation();
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
$("words").addEventListener("keydown", (event) => {
  if (event.key === "Escape") $("talk").focus();
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
$("talk").addEventListener("scroll", ({ target }) => {
  isAtEnd = target.scrollHeight - target.scrollTop - target.clientHeight < NEAR_THE_END_PX;
});
$("talk").addEventListener("load", showEnd, true); // pictures come later
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the part of the address after # names the conversation
  ($("opened").hidden ? $("groups").querySelector("a") : $("talk"))?.focus();
});
$("take").addEventListener("click", () => take(false));
$("force").addEventListener("click", () => take(true));
$("close").addEventListener("click", () => change(() => service.close(shown.conversation_id)));
$("erase").addEventListener("click", () => {
  $("eraseAll").checked = false;
  $("erasing").showModal();
});
$("eraseNow").addEventListener("click", erase);
addEventListener("hashchange", () => frame.me !== null && open());

// --- dialogs and keys

document.querySelectorAll("dialog").forEach((dialog) => {
  dialog.querySelector(".closes").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
});
$("help").addEventListener("click", () => $("shortcuts").showModal());

const isKept = () => frame.me === null || document.querySelector("dialog[open]") !== null;
listenToKeys($("keysOn"), isKept, {
  J: () => step(1),
  K: () => step(-1),
  T: () => !$("take").hidden && shown && take(false),
  R: () => !$("composer").hidden && $("words").focus(),
  X: () => !$("close").hidden && $("close").click(),
  "?": () => $("shortcuts").showModal(),
});

setInterval(() => tick(frame.words, $("groups")), 1000);
frame.start();
