// The tester's strip under a phone: what a phone does not show. Facts of the last answer, what was not shown, a ledger.

import { make, shape } from "./try_draw.js";
import { languageName, word } from "./try_words.js";

const PATIENCE = 2500; // milliseconds; a message that is on its way for less is not worth a line

const isOut = (message) => message.direction === "out";

function says(message) {
  const words = message.words || message.parts.map((part) => part.text).join(" ");
  const line = make("span", { className: "says", dir: "auto", textContent: words });
  if (message.language) line.lang = message.language;
  return line;
}

function cost(parts) {
  const total = parts.reduce((sum, part) => sum + (part.segments ?? 0), 0);
  const blocks = make("span", { className: total > 1 ? "blocks dear" : "blocks", ariaHidden: "true" });
  blocks.append(...Array.from({ length: Math.min(total, 12) }, () => make("i")));
  return blocks;
}

export class Strip {
  constructor(root) {
    this.root = root;
    this.since = new Map(); // when a message was first seen unsent
  }

  #fact(name, ...content) {
    this.root.querySelector(`[data-fact="${name}"]`).replaceChildren(...(content.some(Boolean) ? content : ["-"]));
    const optional = this.root.querySelector(`[data-if="${name}"]`);
    if (optional) optional.hidden = !content.some(Boolean);
  }

  #facts(last) {
    if (!last) {
      for (const name of ["step", "language", "shape", "owner", "state"]) this.#fact(name);
      return;
    }
    const { parts } = last;
    const direction = last.dir === "rtl" || last.dir === "ltr" ? word(last.dir) : "";
    const language = languageName(last.language);
    this.#fact("step", last.text_id ? make("code", { textContent: last.text_id }) : "");
    this.#fact("language", language ? [language, direction].filter(Boolean).join(", ") : "");
    if (parts.some((part) => part.segments)) {
      const several = parts.length > 1 ? `${word("parts", parts.length)}: ` : "";
      this.#fact("shape", cost(parts), several + parts.map(shape).join(" + "));
    } else {
      this.#fact("shape", parts.map(shape).join(" + "));
    }
    const owner = last.owner ?? (last.author === "bot" ? "" : last.author);
    this.#fact("owner", owner ? word(owner) : "");
    this.#fact("state", last.state === "sent" ? "" : word(last.state));
  }

  #unsent(messages) {
    const now = performance.now();
    const shown = messages.filter((message) => {
      if (message.state !== "queued" && message.state !== "sending") return true;
      if (!this.since.has(message.key)) this.since.set(message.key, now);
      return now - this.since.get(message.key) > PATIENCE;
    });
    const list = this.root.querySelector(".unsent");
    list.hidden = shown.length === 0;
    list.replaceChildren(
      ...shown.map((message) => {
        const why = [word(message.state), message.reason].filter(Boolean).join(": ");
        const facts = make("small", { textContent: [message.text_id, ...message.parts.map(shape)].filter(Boolean).join(" · ") });
        return make("li", { data: { state: message.state } }, make("b", { textContent: why }), says(message), facts);
      }),
    );
  }

  #ledger(messages) {
    const lines = messages.map((message) => {
      const facts = isOut(message)
        ? [message.text_id, message.language, ...message.parts.map(shape), word(message.state), message.reason]
        : [];
      const who = make("b", { textContent: word(message.author ?? (isOut(message) ? "bot" : "person")) });
      return make("li", {}, who, says(message), make("small", { textContent: facts.filter(Boolean).join(" · ") }));
    });
    this.root.querySelector(".ledger ol").replaceChildren(...lines.reverse());
    this.root.querySelector(".tally").textContent = String(messages.length);
  }

  /** `messages` in order; `unsent` are those that the phone does not show. */
  show(messages, unsent) {
    const said = messages.filter(isOut);
    this.#facts(said.findLast((message) => !unsent.includes(message)) ?? said.at(-1));
    this.#unsent(unsent);
    this.#ledger(messages);
  }

  /** Says what went wrong, "" when all is well again. */
  trouble(text) {
    const line = this.root.querySelector(".trouble");
    if (line.textContent !== text) line.textContent = text;
    line.hidden = !text;
  }
}
