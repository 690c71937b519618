// What the page asks of the service.

export class Refused extends Error {
  constructor(status, error) {
    super(error?.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = error?.code;
  }
}

export async function ask(path, options = {}) {
  const response = await fetch(path, options);
  if (!response.ok) throw new Refused(response.status, (await response.json().catch(() => ({}))).error);
  return response;
}

export function asJson(method, body) {
  return { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

export async function shop() {
  return (await ask("/v1/shop")).json();
}

export async function begin(language) {
  return (await (await ask("/v1/conversations", asJson("POST", { language }))).json()).conversation_id;
}

export async function transcript(conversation) {
  return (await ask(`/v1/conversations/${encodeURIComponent(conversation)}`)).json();
}

export async function article(id, language) {
  const path = id.split("/").map(encodeURIComponent).join("/");
  return (await ask(`/v1/articles/${path}?language=${language}`)).json();
}

export async function judge(conversation, message, thumb) {
  await ask(`/v1/conversations/${conversation}/messages/${message}/feedback`, asJson("POST", { thumb }));
}

export function media(conversation, name) {
  return `/v1/conversations/${conversation}/media/${name}`;
}

// Listen to what people of the shop do in a conversation. A broken connection is mended by the browser; `onEnd` is
// called where it gives up.
export function listen(conversation, after, { onMessage, onState, onEnd }) {
  const source = new EventSource(`/v1/conversations/${conversation}/events?after=${after}`);
  source.addEventListener("message", (event) => onMessage(JSON.parse(event.data)));
  source.addEventListener("state", (event) => onState(JSON.parse(event.data)));
  source.addEventListener("error", () => source.readyState === EventSource.CLOSED && onEnd());
  return source;
}

// Send a message and yield the events of the answer, {event, data}, as they come.
export async function* send(conversation, { text, image, audio, language, key }) {
  const form = new FormData();
  if (text) form.append("text", text);
  if (image) form.append("image", image, image.name || "picture");
  if (audio) form.append("audio", audio, "recording");
  if (language) form.append("language", language);
  form.append("client_key", key);
  const response = await ask(`/v1/conversations/${conversation}/messages`, { method: "POST", body: form });
  yield* events(response.body);
}

// Read server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) from a stream of bytes.
async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value.replaceAll("\r", "")).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = { event: "message", data: "" };
      for (const line of block.split("\n")) {
        const at = line.indexOf(":");
        if (at > 0) fields[line.slice(0, at)] = line.slice(at + 1).trimStart();
      }
      if (fields.data) yield { event: fields.event, data: JSON.parse(fields.data) };
    }
  }
}
