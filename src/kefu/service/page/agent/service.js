// What the pages of the shop's people ask of the service.

import { Refused, asJson, ask as askService } from "../service.js";

export { Refused };

let csrfToken = null;

async function ask(path, options) {
  try {
    return await askService(path, options);
  } catch (error) {
    if (error instanceof TypeError) throw new Refused(0, { code: "offline", message: error.message }); // of fetch
    throw error;
  }
}

async function get(path) {
  return (await ask(`/v1/agent${path}`)).json();
}

async function write(method, path, body) {
  const options = body === undefined ? { method } : asJson(method, body);
  return ask(`/v1/agent${path}`, { ...options, headers: { ...options.headers, "X-CSRF-Token": csrfToken } });
}

function remember({ name, role, csrf_token }) {
  csrfToken = csrf_token;
  return { name, isAdmin: role === "admin" };
}

export async function login(name, password) {
  return remember(await (await ask("/v1/agent/login", asJson("POST", { name, password }))).json());
}

export async function me() {
  return remember(await get("/me"));
}

export async function logout() {
  await write("POST", "/logout");
}

// `state` is empty for those that wait or are taken.
export async function queue(state) {
  return (await get(state ? `/queue?state=${state}` : "/queue")).conversations;
}

export async function conversation(id) {
  return get(`/conversations/${encodeURIComponent(id)}`);
}

export async function take(id, force) {
  await write("POST", `/conversations/${id}/take`, { force });
}

export async function answer(id, text, key) {
  await write("POST", `/conversations/${id}/messages`, { text, client_key: key });
}

export async function correct(id, message, label) {
  await write("POST", `/conversations/${id}/messages/${message}/correction`, { label });
}

export async function takeBack(id, message) {
  await write("DELETE", `/conversations/${id}/messages/${message}/correction`);
}

export async function close(id) {
  await write("POST", `/conversations/${id}/close`, {});
}

// With messages and files; `all` erases whatever the same customer has written.
export async function erase(id, all) {
  await write("POST", "/erase", { conversation_id: id, all_of_customer: all });
}

export async function figures(days) {
  return get(`/dashboard?days=${days}`);
}

export function media(id, name) {
  return `/v1/agent/conversations/${id}/media/${name}`;
}

// Listen to what changes. A broken connection is mended by the browser; `onEnd` is called where it gives up.
export function listen({ onOpen, onChange, onBreak, onEnd }) {
  const source = new EventSource("/v1/agent/events");
  source.addEventListener("open", onOpen);
  source.addEventListener("changed", (event) => onChange(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    onBreak();
    if (source.readyState === EventSource.CLOSED) onEnd();
  });
  return source;
}
