// What a script adds to the desk: pages that look again by themselves, and the keyboard. All of it can be read and
// answered without. Law: nothing is drawn here; a new state is the server's page, fetched through the same door.
"use strict";

const policy = window.trustedTypes?.createPolicy("desk", { createHTML: (html) => html });
const parsed = (html) => new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");
const told = document.getElementById("told");
const say = (words) => { told.textContent = ""; setTimeout(() => { told.textContent = words; }, 50); };

// --- looking again

const live = document.querySelector("[data-live]");
let busy = false;
let again = false;

async function look() {
  if (busy) { again = true; return; }
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { "X-Desk-Again": document.body.dataset.again }, redirect: "manual" });
    if (answer.ok) swap(parsed(await answer.text()));
    else if (answer.type === "opaqueredirect" || [403, 404].includes(answer.status)) anew();
  } catch { /* the line is down: the events come again with it */ }
  busy = false;
  if (again) { again = false; look(); }
}

// What she just did may have taken the page away from her: then its own answer comes, and a reload would be in its way.
let sent = 0;
document.addEventListener("submit", () => { sent = Date.now(); });
const anew = () => setTimeout(() => location.reload(), Math.max(0, sent + 5000 - Date.now()));

// Takes over each part of the page that says `data-part` (or the whole live part), where it differs. A field that
// somebody writes in is never touched, since it stands outside of these parts.
function swap(page) {
  const fresh = page.querySelector("[data-live]");
  if (!fresh || !live) return;
  live.dataset.version = fresh.dataset.version;
  const at = document.activeElement?.closest("[data-row]")?.dataset.row;
  const changed = [];
  for (const part of [...document.querySelectorAll("[data-part]"), ...(document.querySelector("[data-part]") ? [] : [live])]) {
    const other = part === live ? fresh : page.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!other || other.innerHTML === part.innerHTML) continue;
    if (part.querySelector("details[data-hold][open]")) continue; // what somebody looks at or hears is not taken away
    const end = part.scrollHeight - part.scrollTop - part.clientHeight < 60;
    part.replaceChildren(...document.importNode(other, true).childNodes);
    if (end) part.scrollTop = part.scrollHeight;
    changed.push(part);
  }
  if (at) row(at)?.querySelector("a")?.focus({ preventScroll: true });
  if (changed.length) { say(told.dataset.changed); document.dispatchEvent(new Event("desk:changed")); }
}

const row = (name) => [...document.querySelectorAll("[data-row]")].find((one) => one.dataset.row === name);

if (live) {
  const stream = live.dataset.live;
  const source = new EventSource(`${stream}${stream.includes("?") ? "&" : "?"}since=${encodeURIComponent(live.dataset.version)}`);
  source.addEventListener("changed", look);
  source.addEventListener("gone", () => { source.close(); anew(); });
  addEventListener("pagehide", () => source.close());
}

// --- a line to start from, and how long a reply is: the server counts

for (const choice of document.querySelectorAll("select[data-fills]")) {
  choice.form.classList.add("scripted");
  choice.addEventListener("change", () => {
    const field = document.getElementById(choice.dataset.fills);
    const words = choice.selectedOptions[0].dataset.text;
    if (!words) return;
    field.value = field.value.trim() ? `${field.value.trimEnd()}\n${words}` : words;
    choice.selectedIndex = 0;
    field.focus();
    field.dispatchEvent(new Event("input"));
  });
}

for (const field of document.querySelectorAll("[data-count]")) {
  let soon = 0;
  const count = async () => {
    const sent = new URLSearchParams({ csrf: field.form.elements.csrf.value, text: field.value });
    try {
      const answer = await fetch(field.dataset.count, { method: "POST", body: sent });
      if (answer.ok) document.getElementById("counted").textContent = (await answer.json()).told;
    } catch { /* it is counted again with the next letter */ }
  };
  field.addEventListener("input", () => { clearTimeout(soon); soon = setTimeout(count, 250); });
  if (field.value) count();
}

if (!location.hash) for (const list of document.querySelectorAll(".lines")) list.scrollTop = list.scrollHeight;

// --- the menu closes as one expects; what an address points to is not left in a closed group

for (const rest of document.querySelectorAll(".rest")) {
  addEventListener("click", (event) => { if (rest.open && !rest.contains(event.target)) rest.open = false; });
  rest.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    rest.open = false;
    rest.querySelector("summary").focus();
  });
  rest.addEventListener("focusout", (event) => { if (event.relatedTarget && !rest.contains(event.relatedTarget)) rest.open = false; });
}

function reveal() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let one = target; one; one = one.parentElement) if (one.localName === "details") one.open = true;
  target.scrollIntoView({ block: "start" });
}
addEventListener("hashchange", reveal);
reveal();

// --- pictures that people sent are asked for when somebody opens them, not before

document.addEventListener("toggle", (event) => {
  if (!event.target.open) return;
  for (const picture of event.target.querySelectorAll("img[data-src]")) {
    picture.src = picture.dataset.src;
    picture.removeAttribute("data-src");
  }
}, true);

// --- filters stay in the address

for (const form of document.querySelectorAll("form[data-auto]")) {
  form.addEventListener("change", () => {
    const wanted = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    location.assign(form.action + (wanted.size ? `?${wanted}` : ""));
  });
}

// --- another language or kind of case: the server shows its words and questions, and keeps what was typed

for (const choice of document.querySelectorAll("select[data-shows]")) {
  choice.addEventListener("change", () => choice.form.requestSubmit(document.getElementById(choice.dataset.shows)));
}

// --- the keyboard: see /desk/help

const writing = (where) => where.closest("input, textarea, select, [contenteditable]");
let before = "";

addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
    event.preventDefault();
    event.target.form.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) return;
  const rows = [...document.querySelectorAll("[data-row] > a")];
  const now = rows.indexOf(document.activeElement);
  const steps = { j: 1, k: -1 };
  if (event.key in steps && rows.length) {
    event.preventDefault();
    const next = rows[now < 0 ? (event.key === "j" ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, now + steps[event.key]))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  } else if (event.key === "/" && document.getElementById("find")) {
    event.preventDefault();
    document.getElementById("find").select();
    document.getElementById("find").focus();
  } else if (event.key === "?") location.assign("/desk/help");
  else if (event.key === "r") { document.getElementById("reply")?.focus(); event.preventDefault(); }
  else if (before === "g" && event.key === "q") location.assign("/desk");
  before = event.key;
});
