// The page: three phones, who holds each of them, and which one a narrow screen shows.

import { newAddress, readAddress, recall, remember } from "./try_people.js";
import { Phone } from "./try_phone.js";
import { word } from "./try_words.js";

const main = document.querySelector("main");
const language = document.querySelector("#language");

function countryOf(select, address) {
  const fitting = [...select.options].filter((option) => option.value && address.startsWith(option.value));
  return fitting.sort((a, b) => b.value.length - a.value.length)[0] ?? select.options[select.options.length - 1];
}

/** Joins a phone with the fields above it. */
function station(root) {
  const phone = new Phone(root);
  const field = root.querySelector(".address");
  const country = root.querySelector(".country");

  const hold = (address) => {
    remember(phone.channel, address);
    field.value = address;
    field.removeAttribute("aria-invalid");
    if (country) country.value = countryOf(country, address).value;
    phone.hold(address);
  };
  const renew = () => {
    const chosen = country?.selectedOptions[0];
    hold(newAddress(country && (chosen.value ? chosen : country.options[0])));
    if (language.value) phone.setLanguage(language.value);
  };

  country?.addEventListener("change", renew);
  const routes = root.querySelector(".route input");
  routes?.addEventListener("change", () => {
    phone.line.routes = routes.checked;
    remember("routes", routes.checked ? "yes" : "");
    phone.hold(phone.address);
  });
  if (routes) phone.line.routes = routes.checked = recall("routes") === "yes";
  root.querySelector('[data-do="renew"]').addEventListener("click", () => {
    renew();
    phone.input.focus();
  });
  field.addEventListener("change", () => {
    const address = readAddress(field.value, Boolean(country));
    field.setAttribute("aria-invalid", String(!address));
    phone.strip.trouble(address ? "" : word("address"));
    if (address && address !== phone.address) hold(address);
    else if (address) field.value = address;
  });
  field.addEventListener("keydown", (event) => event.key === "Enter" && phone.input.focus());

  const kept = recall(phone.channel);
  if (kept) hold(kept);
  else renew();
  return phone;
}

const phones = [...document.querySelectorAll(".station")].map(station);
const tabs = [...document.querySelectorAll("[data-tab]")];

function show(channel) {
  main.dataset.current = channel;
  remember("tab", channel);
  for (const tab of tabs) {
    const current = tab.dataset.tab === channel;
    tab.setAttribute("aria-pressed", String(current));
    if (current) tab.querySelector(".unread").hidden = true;
  }
}

for (const tab of tabs) tab.addEventListener("click", () => show(tab.dataset.tab));

for (const phone of phones) {
  phone.addEventListener("arrived", () => {
    const tab = tabs.find(({ dataset }) => dataset.tab === phone.channel);
    tab.querySelector(".unread").hidden = main.dataset.current === phone.channel;
  });
}

language.addEventListener("change", () => {
  remember("language", language.value);
  if (language.value) for (const phone of phones) phone.setLanguage(language.value);
});

language.value = recall("language");
if (language.selectedIndex < 0) language.value = "";
show(tabs.some(({ dataset }) => dataset.tab === recall("tab")) ? recall("tab") : "whatsapp");
