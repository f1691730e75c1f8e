// One phone: shows what has left for it, and does what the person does.

import { drawMessage, make } from "./try_draw.js";
import { deed, Echoes, labelOf } from "./try_echo.js";
import { Line, SHOWN } from "./try_line.js";
import { Sheet } from "./try_sheet.js";
import { Strip } from "./try_strip.js";
import { word } from "./try_words.js";

const POINTER = window.matchMedia("(pointer: fine)"); // elsewhere focus would open the keyboard over the answer

export class Phone extends EventTarget {
  constructor(root) {
    super();
    this.root = root;
    this.channel = root.dataset.channel;
    this.log = root.querySelector(".log");
    this.input = root.querySelector("textarea");
    this.jump = root.querySelector(".jump");
    this.sheet = new Sheet(root.querySelector(".screen"));
    this.strip = new Strip(root.querySelector(".strip"));
    this.line = new Line(this.channel, {
      onNews: (messages) => this.#take(messages),
      onTrouble: (error) => this.#tell(error),
    });
    this.line.expecting = () => this.echoes.some((echo) => !echo.failed);
    this.#listen();
  }

  /** Gives the phone to the person with this address: an empty screen, then their thread. */
  hold(address) {
    this.address = address;
    this.items = new Map(); // key -> what is on the screen, a list
    this.echoes = new Echoes(); // what was sent and is not in the thread yet
    this.log.replaceChildren();
    this.atEnd = true; // whether the newest message is in sight
    this.input.value = "";
    this.#grow();
    this.sheet.close();
    this.jump.hidden = true;
    this.strip.show([], []);
    this.strip.trouble("");
    this.line.dial(address);
  }

  /** Sends {text}, {press} or {media} and shows it at once. */
  send(what) {
    const words = what.text ?? (what.press ? labelOf(this.line.thread(), what.press) : word(`media_${what.media}`));
    const silent = what.press && this.#silent;
    const echo = this.echoes.add(what, words, silent ? null : this.#draw(words));
    if (silent) this.#mark(what.press);
    this.#down();
    this.#post(echo);
    if (POINTER.matches) this.input.focus({ preventScroll: true });
  }

  #draw(words) {
    const item = drawMessage({ direction: "in", at: new Date().toISOString(), parts: [] }, words);
    item.classList.add("leaving");
    item.seq = (this.line.thread().at(-1)?.seq ?? 0) + 0.5; // what comes later stands below it
    this.#place(item);
    return item;
  }

  /** Tells the server that this person has chosen a language. */
  setLanguage(language) {
    this.line.post("/try/language", { language }).catch((error) => this.#tell(error));
  }

  /** Whether a tap writes nothing into the chat. */
  get #silent() {
    return this.channel === "telegram";
  }

  async #post(echo) {
    const { address } = this;
    try {
      await this.line.post("/try/send", echo.what);
      if (address !== this.address) return;
      echo.item?.classList.remove("leaving");
      this.#tell(null);
    } catch (error) {
      if (address !== this.address) return;
      this.#tell(error);
      echo.failed = true;
      if (echo.item) this.#offerAgain(echo);
      else this.echoes.drop(echo);
    }
  }

  #offerAgain(echo) {
    const again = make("button", { type: "button", className: "again", textContent: word("unsent") });
    again.addEventListener("click", () => {
      again.remove();
      echo.failed = false;
      this.#post(echo);
    });
    echo.item.append(again);
    this.#down();
  }

  /** Says what went wrong; null: nothing. */
  #tell(error) {
    const kind = error?.status === undefined ? "offline" : error.status < 500 ? "refused" : "failed";
    this.strip.trouble(error ? word(kind, error.message) : "");
  }

  // --- what comes in

  #take(fresh) {
    const added = fresh.filter((message) => this.#show(message) && message.direction === "out").length;
    const thread = this.line.thread();
    const unsent = thread.filter((message) => message.direction === "out" && !SHOWN.has(message.state));
    if (fresh.length || unsent.length) this.strip.show(thread, unsent);
    if (!added) return;
    this.dispatchEvent(new CustomEvent("arrived"));
    if (this.atEnd) this.#down();
    else this.jump.hidden = false;
  }

  /** Draws a message in its place, or takes away what is no longer shown; true when it is on the screen. */
  #show(message) {
    const mine = message.direction === "in";
    const old = this.items.get(message.key) ?? [];
    const echoes = mine && !old.length ? this.echoes.take(message) : [];
    const did = mine ? deed(message, echoes[0], this.line.thread()) : {};
    if (did.words) message.words = did.payload ? word("tap", did.words) : did.words;
    if (did.payload) this.#mark(did.payload);
    const hidden = mine ? did.payload && did.certain && this.#silent : !SHOWN.has(message.state);
    const drawn = echoes.map((echo) => echo.item).filter(Boolean);
    const items = hidden ? [] : drawn.length ? drawn : [drawMessage(message, did.words)];
    for (const item of old) item.remove();
    this.items.set(message.key, items);
    for (const item of items) item.seq = message.seq;
    for (const item of items) this.#place(item);
    return items.length > 0;
  }

  /** Puts an item where its number belongs; one that stands there already is left, so it is not read out again. */
  #place(item) {
    const { previousElementSibling: before, nextElementSibling: after } = item;
    const stands = item.isConnected && (!before || before.seq <= item.seq) && (!after || after.seq >= item.seq);
    if (stands) return;
    const next = [...this.log.children].find((other) => other !== item && other.seq > item.seq);
    this.log.insertBefore(item, next ?? null);
  }

  #mark(payload) {
    for (const key of this.log.querySelectorAll(".key")) {
      if (key.dataset.payload === payload) key.classList.add("tapped");
    }
  }

  // --- hands and eyes

  #listen() {
    const form = this.root.querySelector(".compose");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.input.value.trim();
      this.input.value = "";
      this.#grow();
      if (text) this.send({ text });
    });
    this.input.addEventListener("input", () => this.#grow());
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    this.root.querySelector(".send").addEventListener("pointerdown", (event) => event.preventDefault()); // keeps focus
    this.root.querySelector(".screen").addEventListener("click", (event) => this.#tap(event.target.closest("button")));
    this.log.addEventListener("scroll", () => this.#look());
    new ResizeObserver(() => this.atEnd && this.#down()).observe(this.log); // a keyboard came up, a tab was chosen
  }

  #tap(button) {
    if (!button) return;
    const { payload, media } = button.dataset;
    if (button.choices) this.sheet.open(button.choices.title, button.choices.rows, button.choices.message, button);
    else if (button.dataset.do === "attach") this.sheet.open(word("attach"), this.#files(), {}, button);
    else if (button.dataset.do === "jump") this.#down();
    else if (button.dataset.do === "close") this.sheet.close();
    else if (payload !== undefined || media) {
      this.sheet.close();
      this.send(media ? { media } : { press: payload });
    }
  }

  #files() {
    const names = this.root.querySelector("template.media").content.querySelectorAll("[data-media]");
    return [...names].map((name) => ({ label: name.textContent, media: name.dataset.media }));
  }

  #grow() {
    this.input.style.height = "auto";
    if (this.input.value) this.input.style.height = `${this.input.scrollHeight}px`;
  }

  #look() {
    if (!this.log.clientHeight) return; // in a tab that is not shown
    this.atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
    if (this.atEnd) this.jump.hidden = true;
  }

  #down() {
    this.log.scrollTop = this.log.scrollHeight;
    this.atEnd = true;
    this.jump.hidden = true;
  }
}
