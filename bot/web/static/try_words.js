// The page's own words, from its template; `{}` in them is filled in.

const words = new Map(
  [...document.querySelector("#words").content.querySelectorAll("[data-word]")].map((p) => [p.dataset.word, p.textContent]),
);

const languages = new Map(
  [...document.querySelectorAll("#language option")].map((option) => [option.value, option.textContent]),
);

const english = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });

/** The word of that name, or the name itself: states and reasons are codes that may be new. */
export function word(name, value = "") {
  return (words.get(name) ?? name).replace("{}", value);
}

/** A language as a tester knows it and as its speakers write it. */
export function languageName(code) {
  if (!code) return "";
  const name = english.of(code);
  const own = languages.get(code);
  return own && own !== name ? `${name} · ${own}` : name;
}
