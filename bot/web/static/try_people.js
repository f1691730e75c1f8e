// Who holds a phone: a random number of a country for each visit, kept for as long as the tab is open.

const KEY = (channel) => `saathi.try.${channel}`;

function digits(count) {
  return [...crypto.getRandomValues(new Uint8Array(count))].map((byte) => byte % 10).join("");
}

/** A random phone number of a country (an option of the country choice), or the number of a chat. */
export function newAddress(country) {
  if (!country) return `9${digits(9)}`;
  const { start, length } = country.dataset;
  return country.value + start + digits(Number(length) - start.length);
}

/** What somebody typed as an address, without spaces; "" when it cannot be one. */
export function readAddress(typed, international) {
  const bare = typed.replace(/[\s().\-\u200e\u200f\u202a-\u202e]/g, "").replace(/^00/, "+");
  const fits = international ? /^\+[1-9][0-9]{4,14}$/ : /^[1-9][0-9]{4,14}$/;
  return fits.test(bare) ? bare : "";
}

export function recall(name) {
  try {
    return sessionStorage.getItem(KEY(name)) ?? "";
  } catch {
    return ""; // storage is switched off: a new number each time
  }
}

export function remember(name, value) {
  try {
    sessionStorage.setItem(KEY(name), value);
  } catch {
    // as above
  }
}
