// The line between a phone and the server: asks for the thread again and again, sends one thing after the other.

const BUSY = 400; // milliseconds between two questions while something happens
const IDLE = 2000;
const AWAY = 5000; // nobody looks, or nobody answers
const OVERLAP = 2; // messages asked for again, should one have been put between

export const SHOWN = new Set(["sent", "delivered", "read", "unknown", "received"]); // these have left for the phone
const OVER = new Set([...SHOWN, "withdrawn", "failed"]); // states that stay

/** Waits, or less if one of the signals is given. */
function pause(time, ...signals) {
  return new Promise((done) => {
    const timer = setTimeout(done, time);
    const stop = () => (clearTimeout(timer), done());
    for (const signal of signals) signal.aborted ? stop() : signal.addEventListener("abort", stop, { once: true });
  });
}

/** The answer of the server; an error with `status` when it is not a good one, without when there is none. */
async function ask(path, options, time, signal) {
  const limit = AbortSignal.timeout(time);
  const response = await fetch(path, { ...options, signal: signal ? AbortSignal.any([signal, limit]) : limit });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.error ?? String(response.status)), { status: response.status });
}

export class Line {
  /** `onNews(messages)` gets what is new or has changed; `onTrouble(error)` an error, or null when it is over. */
  constructor(channel, { onNews, onTrouble }) {
    Object.assign(this, { channel, onNews, onTrouble });
    this.queue = Promise.resolve();
    this.routes = false; // whether an SMS is shown as on the route to the country of the phone
    this.expecting = () => false; // whether something is about to come: then it asks often
    this.hurry = new AbortController();
  }

  /** Listens to another person's thread from its beginning; what was being sent before is still sent. */
  dial(address) {
    this.call?.abort();
    this.call = new AbortController();
    this.address = address;
    this.messages = new Map(); // by key
    this.seen = new Map(); // key -> the message as it came
    this.#follow(this.call.signal);
  }

  /** Posts after everything that was posted before, for the person who holds the phone now. Raises as `ask`. */
  post(path, body) {
    const content = JSON.stringify({ channel: this.channel, address: this.address, ...body });
    const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: content };
    const done = this.queue.then(() => ask(path, options, 20000));
    this.queue = done.catch(() => {}).then(() => this.hurry.abort());
    return done;
  }

  /** All messages in order. */
  thread() {
    return [...this.messages.values()].sort((a, b) => a.seq - b.seq);
  }

  async #follow(signal) {
    let wait = BUSY;
    let failing = false;
    while (!signal.aborted) {
      this.hurry = new AbortController();
      try {
        const query = new URLSearchParams({ channel: this.channel, address: this.address, after: this.#after() });
        if (this.routes) query.set("routes", "yes");
        const { messages } = await ask(`/try/thread?${query}`, {}, 10000, signal);
        if (signal.aborted) return;
        const fresh = this.#fresh(messages);
        this.onNews(fresh);
        wait = fresh.length || this.expecting() ? BUSY : Math.min(wait * 1.25, IDLE);
        if (failing) this.onTrouble(null);
        failing = false;
      } catch (error) {
        if (signal.aborted) return;
        this.onTrouble(error);
        failing = true;
        wait = Math.min(wait * 2, AWAY);
      }
      await pause(document.hidden ? AWAY : wait, signal, this.hurry.signal);
      if (this.hurry.signal.aborted) wait = BUSY;
    }
  }

  /** The number after which to ask: before the oldest message that may still change, or that was just missed. */
  #after() {
    const all = this.thread();
    const open = all.find((message) => message.direction === "out" && !OVER.has(message.state));
    const last = (all.at(-1)?.seq ?? 0) - OVERLAP;
    return String(Math.max(0, open ? Math.min(open.seq - 1, last) : last));
  }

  #fresh(messages) {
    return messages.filter((message) => {
      const raw = JSON.stringify(message);
      message.key = message.id ?? `seq-${message.seq}`;
      if (this.seen.get(message.key) === raw) return false;
      this.seen.set(message.key, raw);
      this.messages.set(message.key, message);
      return true;
    });
  }
}
