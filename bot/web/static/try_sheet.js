// The sheet that comes up inside a phone: the items of a list, or the files that can be sent.

import { drawRows } from "./try_draw.js";

export class Sheet {
  constructor(screen) {
    this.screen = screen;
    this.sheet = screen.querySelector(".sheet");
    this.veil = screen.querySelector(".veil");
    this.veil.addEventListener("click", () => this.close());
    this.sheet.addEventListener("keydown", (event) => this.#key(event));
  }

  /** `message` gives language and direction; focus goes back to `opener`. */
  open(title, rows, message, opener) {
    const heading = this.sheet.querySelector("h3");
    heading.textContent = title;
    heading.lang = message.language || "en";
    this.sheet.dir = message.dir === "rtl" ? "rtl" : "ltr";
    this.sheet.querySelector(".rows").replaceChildren(...drawRows(rows, message));
    this.opener = opener;
    this.#show(true);
    this.sheet.querySelector(".rows").scrollTop = 0;
    this.sheet.querySelector(".row")?.focus();
  }

  /** Puts it away, if it is there. */
  close() {
    if (this.sheet.hidden) return;
    this.#show(false);
    if (this.opener?.isConnected) this.opener.focus({ preventScroll: true });
  }

  #show(shown) {
    this.sheet.hidden = this.veil.hidden = !shown;
    for (const part of this.screen.children) {
      if (part !== this.sheet && part !== this.veil) part.inert = shown;
    }
  }

  #key(event) {
    if (event.key === "Escape") return this.close();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const rows = [...this.sheet.querySelectorAll(".row")];
    rows[Math.min(Math.max(rows.indexOf(document.activeElement) + step, 0), rows.length - 1)].focus();
  }
}
