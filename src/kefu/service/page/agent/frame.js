// What both pages of the shop's people share: login, header, language, what went wrong.

import { Words } from "../language.js";
import { make } from "../view.js";
import * as service from "./service.js";
import { WORDS } from "./words.js";

const $ = (id) => document.getElementById(id);
const LANGUAGE = "kefu.language"; // as on the page of customers

// Who has logged in, and in which language they read.
//
// `onEnter` is called with a page to fill, `onLeave` with one to empty, `onWords` when the language has changed.
export class Frame {
  constructor({ onEnter, onLeave, onWords }) {
    Object.assign(this, { onEnter, onLeave, onWords });
    this.me = null;
    this.words = new Words(WORDS, localStorage.getItem(LANGUAGE) ?? (navigator.language.startsWith("zh") ? "zh" : "en"));
    this.login = this.drawLogin();
    $("said").after(this.login);
    $("language").addEventListener("click", () => this.speak(this.words.other));
    $("logout").addEventListener("click", () => this.act(() => service.logout()).then((isDone) => isDone && this.leave()));
  }

  async start() {
    this.speak(this.words.language);
    try {
      this.enter(await service.me());
    } catch (error) {
      this.leave(error.status === 401 ? null : error);
    }
  }

  enter(me) {
    this.me = me;
    $("who").textContent = me.name;
    this.show(true);
    this.tell();
    this.onEnter();
  }

  leave(error = null) {
    const wasIn = this.me !== null;
    this.me = null;
    $("who").textContent = "";
    this.onLeave();
    this.show(false);
    this.tell(error === null ? "" : this.explain(error));
    if (wasIn) this.login.querySelector("input").focus();
  }

  // Do what somebody has asked for; say why where it is refused, and return whether it was done.
  async act(work) {
    this.tell();
    return this.attempt(work);
  }

  // The same for what nobody has asked for, which leaves alone what was said before.
  async attempt(work) {
    try {
      await work();
      return true;
    } catch (error) {
      if (error.status === 401) this.leave(error);
      else if (error.code === "csrf") await this.renew(error);
      else this.tell(this.explain(error));
      return false;
    }
  }

  tell(text = "") {
    $("fault").textContent = text;
  }

  explain(error) {
    if (!(error instanceof service.Refused)) throw error;
    return this.words.say(`error_${error.code}`) ?? error.message;
  }

  // Another window has logged in anew: go on as who that was.
  async renew(error) {
    try {
      this.enter(await service.me());
      this.tell(this.explain(error));
    } catch (ended) {
      this.leave(ended);
    }
  }

  show(isIn) {
    this.login.hidden = isIn;
    $("page").hidden = !isIn;
    document.querySelectorAll(".signed").forEach((element) => (element.hidden = !isIn));
    $("pages").hidden = !this.me?.isAdmin;
    document.querySelector(".skip").hidden = !isIn;
  }

  speak(language) {
    this.words = new Words(WORDS, language);
    localStorage.setItem(LANGUAGE, language);
    this.words.write();
    $("language").textContent = this.words.say("other");
    $("language").lang = this.words.other;
    this.onWords();
  }

  drawLogin() {
    const name = make("input", { id: "loginName", autocomplete: "username", required: true, maxlength: 100, autocapitalize: "none" });
    const password = make("input", { id: "loginPassword", type: "password", autocomplete: "current-password", required: true, maxlength: 1000 });
    const submit = make("button", { type: "submit", class: "main", "data-words": "login" });
    const form = make(
      "form",
      { id: "login" },
      make("h2", { "data-words": "loginTitle" }),
      make("label", { for: "loginName", "data-words": "loginName" }),
      name,
      make("label", { for: "loginPassword", "data-words": "password" }),
      password,
      submit,
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      submit.disabled = true;
      try {
        const me = await service.login(name.value, password.value);
        form.reset();
        this.enter(me);
      } catch (error) {
        this.tell(this.explain(error));
        password.select();
      } finally {
        submit.disabled = false;
      }
    });
    return make("main", { class: "login" }, form);
  }
}
