// What the person did on this page and what the thread says of it: the thread may join lines that were sent quickly,
// and it names a tap by its option alone.

import { word } from "./try_words.js";

const said = (message) => (message.parts[0]?.text ?? "").trim();
const option = (payload) => payload.split("|")[1];
const isTap = (text) => (echo) => echo.what.press === text || (echo.what.press && option(echo.what.press) === text);

/** The newest button before number `seq` that fits. */
function button(thread, fits, seq = Infinity) {
  const earlier = thread.filter((message) => message.direction === "out" && message.seq < seq).reverse();
  return earlier.flatMap((message) => message.parts.flatMap((part) => part.buttons ?? [])).find(fits);
}

/** The label of the button with this payload. */
export function labelOf(thread, payload) {
  return button(thread, (known) => known.payload === payload)?.label ?? payload;
}

/**
 * What a message from the person was, if not words: {words, payload, certain}. Without its `kind` a tap that this page
 * did not see itself looks like the typed name of an option: then it is not certain.
 */
export function deed(message, echo, thread) {
  const { kind } = message;
  if (echo?.what.press) return { words: echo.words, payload: echo.what.press, certain: true };
  if (echo?.what.media) return { words: echo.words };
  if (echo) return {};
  if (kind === "media") return { words: word("media") };
  if (kind !== undefined && kind !== "press") return {};
  const text = said(message);
  const found = button(thread, (known) => known.payload === text || option(known.payload) === text, message.seq);
  if (!found) return {};
  return { words: found.label, payload: found.payload, certain: kind === "press" || found.payload === text };
}

export class Echoes {
  constructor() {
    this.list = [];
    this.count = 0;
  }

  /** Keeps what was sent, and how it was drawn: null, when that leaves nothing on the screen. */
  add(what, words, item) {
    this.count += 1;
    const echo = { what, words, item, failed: false, number: this.count };
    this.list.push(echo);
    return echo;
  }

  drop(echo) {
    this.list = this.list.filter((other) => other !== echo);
  }

  some(test) {
    return this.list.some(test);
  }

  /** Those that this message stands for: a tap, a file, or lines that were joined; none, if it came from elsewhere. */
  take(message) {
    const text = said(message);
    const { kind } = message;
    let found = [];
    if (kind === undefined || kind === "press") found = this.list.filter(isTap(text)).slice(0, 1);
    if (!found.length && (kind === undefined || kind === "text")) found = this.#lines(text);
    if (!found.length && (kind === "media" || text === "media")) found = this.list.filter((echo) => echo.what.media).slice(0, 1);
    for (const echo of found) this.drop(echo);
    if (found.length) this.#raise(found.at(-1).number, message.seq);
    return found;
  }

  /** What was sent after number `number` stands below it, and so below the thread's number `seq`. */
  #raise(number, seq) {
    const later = this.list.filter((echo) => echo.number > number && echo.item);
    for (const { item } of later) item.seq = Math.max(item.seq, seq + 0.5);
  }

  #lines(text) {
    const typed = this.list.filter((echo) => echo.what.text !== undefined);
    for (let first = 0; first < typed.length; first += 1) {
      let joined = "";
      for (let last = first; last < typed.length; last += 1) {
        joined += (last > first ? "\n" : "") + typed[last].what.text;
        if (joined === text) return typed.slice(first, last + 1);
      }
    }
    return [];
  }
}
