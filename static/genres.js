// Comforts of the form that chooses genres: everything here can also be done by its fields and buttons.
const form = document.getElementById("choose");
const cards = new Map([...form.querySelectorAll("[data-genre]")].map((card) => [card.dataset.genre, card]));
const nameOf = (genre) => form.elements[`name_${genre}`];
const pickOf = (genre) => form.elements[`pick_${genre}`];

// htmx asks for the counts whenever something in the form changes.
function changed() {
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

// --- numbers beside the sliders ---
for (const output of form.querySelectorAll("output[for]")) {
  const slider = document.getElementById(output.htmlFor.value);
  const show = () => (output.textContent = `${slider.value}${output.dataset.unit ?? ""}`);
  slider.addEventListener("input", show);
  show();
}

// --- genres that share a playlist ---
function putTogether(genres, wished) {
  const title = genres.map((genre) => cards.get(genre).dataset.title).join(" & ");
  const named = genres.map((genre) => nameOf(genre).value.trim()).find((name) => name);
  const name = (wished || named || title).slice(0, 100);
  for (const genre of genres) {
    nameOf(genre).value = name;
    pickOf(genre).checked = true;
  }
  changed();
}

// The genre gets the name that the template gives it, and so does whoever else has that name: a group may be called
// like one of its genres.
function separate(genre) {
  const same = (name) => name.trim().replace(/\s+/g, " ").toUpperCase();
  const own = same(nameOf(genre).placeholder);
  for (const other of cards.keys()) {
    const name = nameOf(other);
    if (other === genre || same(name.value) === own) name.value = "";
  }
  nameOf(genre).focus(); // the button is about to go
  changed();
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.separate) {
    event.preventDefault();
    separate(button.dataset.separate);
  } else if (button && "merge" in button.dataset) {
    const ticked = [...form.querySelectorAll("input[name=together]:checked")];
    // The page says what is missing, and shows cards that are folded away.
    if (ticked.length < 2 || ticked.some((box) => !cards.has(box.value))) return;
    event.preventDefault();
    putTogether(ticked.map((box) => box.value), form.elements.group_name.value.trim());
    for (const box of ticked) box.checked = false;
    form.elements.group_name.value = "";
    nameOf(ticked[0].value).focus();
  }
});

let dragged = null;
for (const [genre, card] of cards) {
  // A card whose text or field is being used is no handle: only its head is.
  const head = card.querySelector(".genre-head");
  head.draggable = true;
  head.addEventListener("dragstart", (event) => {
    dragged = genre;
    event.dataTransfer.effectAllowed = "link";
    event.dataTransfer.setData("text/plain", card.dataset.title);
    card.classList.add("dragged");
  });
  head.addEventListener("dragend", () => {
    dragged = null;
    card.classList.remove("dragged");
  });
  card.addEventListener("dragover", (event) => {
    if (!dragged || dragged === genre) return;
    event.preventDefault();
    card.classList.add("drop-here");
  });
  card.addEventListener("dragleave", () => card.classList.remove("drop-here"));
  card.addEventListener("drop", (event) => {
    card.classList.remove("drop-here");
    if (!dragged || dragged === genre) return;
    event.preventDefault();
    putTogether([genre, dragged]);
  });
}

// --- names of new playlists ---
const template = form.elements.name_template;
template.addEventListener("input", () => {
  const named = (title) => template.value.replace("{genre}", title).slice(0, 100);
  for (const [genre, card] of cards) nameOf(genre).placeholder = named(card.dataset.title);
  const first = cards.values().next().value;
  form.querySelector("[data-preview]").textContent = named(first.dataset.title);
});

// --- artists to leave out ---
const finder = form.querySelector("[data-find-artist]");
const artist = finder.querySelector("input");
const artists = form.elements.exclude_artists;

function leaveOut() {
  const name = artist.value.trim();
  if (!name) return;
  const lines = artists.value.split("\n").filter((line) => line.trim());
  if (!lines.includes(name)) lines.push(name);
  artists.value = lines.join("\n");
  artist.value = "";
  artist.focus();
  changed();
}

finder.hidden = false;
finder.querySelector("[data-add-artist]").addEventListener("click", leaveOut);
artist.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  leaveOut();
});

// --- choices that would get lost ---
let isSent = false;
form.addEventListener("submit", () => (isSent = true));
window.addEventListener("pageshow", () => (isSent = false)); // back again

function isUnsaved() {
  const isOther = (field) =>
    field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  const fields = [...form.elements].filter((field) => field.matches("input, textarea"));
  return "unsaved" in form.dataset || fields.some(isOther);
}

window.addEventListener("beforeunload", (event) => {
  if (!isSent && isUnsaved()) event.preventDefault();
});

form.querySelector("[data-counts]").hidden = true;
