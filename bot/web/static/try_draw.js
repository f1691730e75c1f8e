// Draws what a phone shows: bubbles, buttons, lists. Only from what the real layout gave, never shortened or mended.

import { word } from "./try_words.js";

const NARROW = 14; // as transports/telegram.py:keyboard: short labels share a row, if there are four or more

/** An element with properties; `data` are its data attributes. */
export function make(tag, { data = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  Object.assign(element.dataset, data);
  element.append(...children);
  return element;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

function clock(at) {
  const when = new Date(at);
  if (Number.isNaN(when.valueOf())) return "";
  return when.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** Words with their language and direction; the direction is the message's own, else that of its letters. */
function spoken(tag, text, message, properties = {}) {
  const element = make(tag, { textContent: text, dir: message.dir === "rtl" || message.dir === "ltr" ? message.dir : "auto", ...properties });
  if (message.language) element.lang = message.language;
  return element;
}

function replyButtons(part, message) {
  const narrow = part.buttons.length > 3 && part.buttons.every((button) => button.label.length <= NARROW);
  const keys = part.buttons.map((button) => {
    const key = make("button", { type: "button", className: "key", data: { payload: button.payload } });
    key.append(icon("reply"), spoken("span", button.label, message));
    return key;
  });
  return make("div", { className: narrow ? "keys narrow" : "keys" }, ...keys);
}

function listButton(part, message) {
  const open = make("button", { type: "button", className: "key opens" }, icon("list"), spoken("span", part.list_label, message));
  open.setAttribute("aria-haspopup", "dialog");
  open.choices = { title: part.list_label, rows: part.buttons, message };
  return make("div", { className: "keys" }, open);
}

function bubble(part, message) {
  const time = make("time", { textContent: clock(message.at), dateTime: message.at ?? "" });
  const body = make("div", { className: "bubble" }, spoken("p", part.text, message), time);
  const group = make("div", { className: "part" }, body);
  if (part.kind === "buttons") group.append(replyButtons(part, message));
  if (part.kind === "list") group.append(listButton(part, message));
  return group;
}

/** One message as a list item. `words` replaces the text of what the person did (a tap, a file). */
export function drawMessage(message, words = "") {
  const item = make("li", { className: message.direction === "in" ? "mine" : "theirs" });
  const parts = words ? [{ kind: "text", text: words, buttons: [] }] : message.parts;
  item.append(...parts.map((part) => bubble(part, message)));
  return item;
}

/** The rows of a sheet: the items of a list, or the files that can be sent. */
export function drawRows(rows, message) {
  return rows.map((row) => {
    const item = make("button", { type: "button", className: "row", data: row.media ? { media: row.media } : { payload: row.payload } });
    item.append(spoken("span", row.label, message, { className: "label" }));
    if (row.description) item.append(spoken("span", row.description, message, { className: "description" }));
    return item;
  });
}

/** What a part is, in a few words: how an SMS is paid for, or what can be tapped. */
export function shape(part) {
  if (part.segments !== null && part.segments !== undefined) {
    const size = part.segments === 1 ? word("segment") : word("segments", part.segments);
    return `${size} · ${part.encoding} · ${word("units", part.units)}`;
  }
  const count = part.buttons?.length ?? 0;
  if (part.kind === "buttons") return count === 1 ? word("button") : word("buttons", count);
  return part.kind === "list" ? word("list", count) : word("text");
}
