// The page: what happens when somebody types, shows or says something.

import { Words } from "./language.js";
import { Recorder } from "./recorder.js";
import * as service from "./service.js";
import { AssistantMessage, agentMessage, articleText, between, customerMessage, heardText, make } from "./view.js";
import { Voice } from "./voice.js";
import { WORDS } from "./words.js";

const LARGEST_PICTURE = 10_000_000;
const SHORTEST_S = 0.4;
const LISTEN_AGAIN_MS = 5000;
const BEGUN = { handed_over: false, agent: null, closed: false };
const TAP_MS = 350; // a press that is shorter is a tap: recording goes on until the next one

const $ = (id) => document.getElementById(id);
const kept = {
  get: (name) => localStorage.getItem(`kefu.${name}`),
  set: (name, value) => (value === null ? localStorage.removeItem(`kefu.${name}`) : localStorage.setItem(`kefu.${name}`, value)),
};

const voice = new Voice();
let words = new Words(WORDS, kept.get("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en"));
let conversation = kept.get("conversation");
let shop = null;
let picture = null;
let isBusy = false;
let state = BEGUN;
let live = null;
const drawnIds = new Set();

// --- the whole page

function write() {
  words.write();
  $("language").textContent = words.say("other");
  $("language").lang = words.other;
  $("words").placeholder = words.say("placeholder");
  showState(state);
  if (shop === null) return;
  document.title = $("shop").textContent = shop.name[words.language];
  $("speak").hidden = !shop.hears;
  $("starters").replaceChildren(...shop.starters[words.language].map(tap));
}

function tap(text) {
  return make("li", {}, make("button", { type: "button", onclick: () => submit({ text }) }, text));
}

function suggest(texts) {
  $("suggestions").replaceChildren(...texts.map(tap));
}

function notice(text = "", isWrong = false) {
  $("notice").textContent = text;
  $("notice").classList.toggle("wrong", isWrong);
}

// Say in the header who answers.
function showState(now) {
  state = now;
  const { handed_over, agent, closed } = state;
  const name = closed ? "isClosed" : agent ? "isAgent" : handed_over ? "isPerson" : "isAssistant";
  $("status").textContent = words.say(name, { agent });
  $("status").classList.toggle("person", handed_over);
  $("small").textContent = words.say(handed_over ? "smallPerson" : "small");
}

function add(element) {
  $("welcome").hidden = true;
  $("talk").append(element);
  showEnd();
}

function showEnd() {
  $("talk").parentElement.scrollTop = $("talk").parentElement.scrollHeight;
}

function clear() {
  voice.silence();
  $("talk").replaceChildren();
  $("welcome").hidden = false;
  suggest([]);
  notice();
  drawnIds.clear();
  live?.close();
  showState(BEGUN);
}

async function showArticle(id) {
  try {
    const found = await service.article(id, words.language);
    $("articleTitle").textContent = found.title;
    $("articleText").replaceChildren(articleText(found.text));
    $("article").showModal();
  } catch (error) {
    notice(explain(error), true);
  }
}

function explain(error) {
  if (error instanceof service.Refused) return words.say(`error_${error.code}`) ?? error.message;
  return words.say("offline");
}

// --- conversations

function draw({ messages, handed_over, agent = null, closed = false }) {
  for (const message of messages) {
    drawnIds.add(message.message_id);
    if (message.sender === "agent") {
      add(agentMessage(words, message));
      continue;
    }
    if (message.sender === "customer") {
      const url = (name) => (name ? service.media(conversation, name) : null);
      const { text, image, audio, heard } = message;
      add(customerMessage(words, { text, imageUrl: url(image), audioUrl: url(audio), heard }));
      continue;
    }
    const drawn = new AssistantMessage(words, { onCite: showArticle });
    for (const sentence of message.sentences) drawn.addSentence(sentence);
    if (message.action) drawn.addAction(message.action);
    if (drawn.isEmpty) continue;
    finish(drawn, message.message_id, message.thumb);
    add(drawn.element);
    if (message.hand_over) add(between(words.say("handedOver")));
  }
  showState({ handed_over, agent, closed });
}

// From now on show what a person of the shop writes, and who answers; `after` is the position of the last message drawn.
function listen(after) {
  live?.close();
  live = service.listen(conversation, after, {
    onMessage: (message) => drawnIds.has(message.message_id) || draw({ messages: [message], ...state }),
    onState: (now) => {
      const isNews = now.agent !== state.agent || now.closed !== state.closed;
      showState(now);
      if (isNews && now.closed) notice(words.say("closed"));
      else if (isNews && now.agent) notice(words.say("joined", now));
    },
    onEnd: () => listenLater(after),
  });
}

function listenLater(after) {
  const listened = conversation;
  setTimeout(async () => {
    if (conversation !== listened) return;
    const error = await service.transcript(listened).then(() => null, (error) => error);
    if (conversation !== listened) return;
    if (error === null) listen(after);
    else if (error.status === 404) forget();
    else listenLater(after);
  }, LISTEN_AGAIN_MS);
}

function forget() {
  kept.set("conversation", (conversation = null));
  clear();
  notice(words.say("gone"));
}

function finish(drawn, messageId, thumb = null) {
  drawn.addControls({
    thumb,
    onListen: (urls) => {
      voice.silence();
      urls.forEach((url) => voice.say(url));
    },
    onThumb: async (chosen) => {
      await service.judge(conversation, messageId, chosen);
      notice(chosen ? words.say("thanks") : "");
    },
  });
}

async function resume() {
  if (!conversation) return;
  try {
    const transcript = await service.transcript(conversation);
    draw(transcript);
    listen(transcript.messages.length - 1);
  } catch (error) {
    if (error.status !== 404) return notice(explain(error), true);
    forget();
  }
}

async function submit({ text = "", image = null, audio = null }) {
  if (isBusy || (!text && !image && !audio)) return;
  voice.silence();
  suggest([]);
  notice();
  // who has chosen no language gets the one that they write; of a recording it cannot be told before it is heard
  const language = audio ? words.language : kept.get("language");
  const message = { text, image, audio, language, key: crypto.randomUUID() };
  const urls = { imageUrl: image && URL.createObjectURL(image), audioUrl: audio && URL.createObjectURL(audio) };
  const sent = customerMessage(words, { text, ...urls });
  add(sent);
  await deliver(message, sent);
}

async function deliver(message, sent) {
  isBusy = true;
  $("send").disabled = $("speak").disabled = true;
  const answer = new AssistantMessage(words, { onCite: showArticle });
  if (!state.handed_over) add(answer.element);
  const isAloud = message.audio !== null || $("sound").getAttribute("aria-pressed") === "true";
  try {
    if (!conversation) {
      kept.set("conversation", (conversation = await service.begin(words.language)));
      listen(0);
    }
    for await (const { event, data } of service.send(conversation, message)) take(event, data, { sent, answer, isAloud });
    if (answer.isEmpty) answer.remove();
  } catch (error) {
    answer.remove();
    fail(error, message, sent);
  } finally {
    isBusy = false;
    $("send").disabled = $("speak").disabled = false;
  }
}

function take(event, data, { sent, answer, isAloud }) {
  if (event === "understood" && data.heard) {
    sent.append(heardText(words, data.heard.text));
  } else if (event === "sentence") {
    answer.addSentence(data);
    if (isAloud) voice.say(data.speech_url);
  } else if (event === "action") {
    answer.addAction(data);
  } else if (event === "hand_over") {
    showState({ ...state, handed_over: true });
    add(between(words.say("handedOver")));
  } else if (event === "suggestions") {
    suggest(data.texts);
  } else if (event === "done") {
    finish(answer, data.message_id);
  } else if (event === "error") {
    throw new service.Refused(500, { code: data.code, message: data.message[words.language] });
  }
  showEnd();
}

function fail(error, message, sent) {
  const again = make("button", { type: "button" }, words.say("again"));
  const line = make("p", { class: "failed", role: "alert" }, `${words.say("failed")} ${explain(error)} `, again);
  again.addEventListener("click", () => {
    line.remove();
    deliver(message, sent);
  });
  sent.append(line);
  showEnd();
}

// --- writing

function submitWritten() {
  if (isBusy) return;
  const text = $("words").value.trim();
  if (!text && !picture) return;
  const image = picture;
  $("words").value = "";
  attach(null);
  submit({ text, image });
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submitWritten();
});
$("words").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submitWritten();
});

// --- pictures

function attach(file) {
  if (file && !file.type.startsWith("image/")) return notice(words.say("noPicture"), true);
  if (file && file.size > LARGEST_PICTURE) return notice(words.say("tooLarge"), true);
  URL.revokeObjectURL($("preview").src);
  picture = file;
  $("attached").hidden = !file;
  $("picture").value = "";
  if (!file) return;
  notice();
  $("preview").src = URL.createObjectURL(file);
  $("attachedName").textContent = file.name;
  $("words").focus();
}

$("picture").addEventListener("change", (event) => attach(event.target.files[0] ?? null));
$("detach").addEventListener("click", () => {
  attach(null);
  $("words").focus();
});
document.addEventListener("paste", (event) => {
  const file = [...event.clipboardData.files][0];
  if (!file) return;
  event.preventDefault();
  attach(file);
});
const showDrop = (isShown) => (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  $("drop").hidden = !isShown;
};
document.addEventListener("dragover", showDrop(true));
document.addEventListener("dragleave", (event) => event.relatedTarget === null && showDrop(false)(event));
document.addEventListener("drop", (event) => {
  showDrop(false)(event);
  const file = event.dataTransfer.files[0];
  if (file) attach(file);
});

// --- speaking

const recorder = new Recorder(
  (level) => ($("level").firstElementChild.style.transform = `scaleX(${level})`),
  () => sendRecording(),
);
let pressedAt = 0;

function showRecording(isOn) {
  $("speak").setAttribute("aria-pressed", String(isOn));
  $("speak").classList.toggle("on", isOn);
  $("level").hidden = !isOn;
  $("words").hidden = isOn;
  notice(isOn ? words.say("recording_now") : "");
}

async function startRecording() {
  if (isBusy || recorder.isOn) return;
  voice.silence();
  try {
    await recorder.start();
    showRecording(true);
  } catch {
    notice(words.say("noMicrophone"), true);
  }
}

async function sendRecording() {
  if (!recorder.isOn) return;
  const { audio, seconds } = await recorder.stop();
  showRecording(false);
  if (seconds < SHORTEST_S) return notice(words.say("tooShort"), true);
  const image = picture;
  attach(null);
  await submit({ audio, image });
}

function cancelRecording() {
  if (!recorder.isOn) return;
  recorder.cancel();
  showRecording(false);
}

$("speak").addEventListener("pointerdown", async (event) => {
  event.preventDefault();
  if (recorder.isOn) return sendRecording();
  pressedAt = performance.now();
  await startRecording();
});
addEventListener("pointerup", () => {
  if (pressedAt && recorder.isOn && performance.now() - pressedAt > TAP_MS) sendRecording();
  pressedAt = 0;
});
$("speak").addEventListener("click", (event) => {
  if (event.detail !== 0) return; // of a pointer, which was seen above; this one is of a key or a screen reader
  if (recorder.isOn) sendRecording();
  else startRecording();
});
document.addEventListener("keydown", (event) => event.key === "Escape" && cancelRecording());

// --- the header

$("language").addEventListener("click", () => {
  words = new Words(WORDS, words.other);
  kept.set("language", words.language);
  write();
});
$("sound").addEventListener("click", () => {
  const isOn = $("sound").getAttribute("aria-pressed") !== "true";
  $("sound").setAttribute("aria-pressed", String(isOn));
  kept.set("sound", isOn ? "on" : null);
  if (!isOn) voice.silence();
});
$("anew").addEventListener("click", () => {
  kept.set("conversation", (conversation = null));
  clear();
  $("words").focus();
});
$("articleClose").addEventListener("click", () => $("article").close());

$("sound").setAttribute("aria-pressed", String(kept.get("sound") === "on"));
write();
try {
  shop = await service.shop();
  write();
  await resume();
} catch (error) {
  notice(explain(error), true);
}
