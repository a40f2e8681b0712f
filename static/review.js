// One song at a time without waiting: the next cards are here before they are needed, words go out in the background.
const form = document.getElementById("review");
const place = document.getElementById("review-place");
const words = form.dataset;
const AHEAD = 30; // cards kept ready
const REMEMBERED = 60; // cards behind us that the server need not send again
const byId = (id) => document.getElementById(id);
const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
const announce = (text) => { byId("announcer").textContent = text; };

const cards = [cardOf(place.firstElementChild)];
const steps = []; // what `u` takes back, newest last
const chosen = new Map(); // several genres: slug → name
let at = 0;
let isSeveral = false;
let fetching = null;

const outbox = new Outbox({
  token: () => document.cookie.match(/csrftoken=([^;]+)/)?.[1] ?? form.elements.csrfmiddlewaretoken.value,
  account: form.elements.account.value,
  onFail: putBack,
  onRefused: (problem, item) => complain(fill(words.refused, { song: item.name, why: problem.sentence || words[problem.kind] }), false),
  onAgain: takeUp,
  onClear: () => { if (!byId("unsent").hidden && byId("unsent").dataset.again) complain(""); finishIfDone(); },
});

function cardOf(node) {
  return { node, track: Number(node.dataset.track), name: node.dataset.name, said: "", skipped: false };
}

const current = () => cards[at];
const isOpen = (card) => !card.said && !card.skipped;
const upcoming = () => cards.slice(at + 1).filter(isOpen);

// --- showing ----------------------------------------------------------------------------------------------------

function show(index, sentence = words.shown) {
  const hadFocus = place.contains(document.activeElement);
  if (cards[index].node !== place.firstElementChild) place.replaceChildren(cards[index].node);
  at = index;
  const card = current();
  form.action = card.node.dataset.url;
  byId("skip").formAction = card.node.dataset.skip;
  several(false, true);
  if (card.said) drawSaid(card);
  for (const hint of card.node.querySelectorAll(".keys")) hint.hidden = !usesKeys();
  if (hadFocus) place.focus({ preventScroll: true });
  announce(fill(sentence, { song: card.name, artists: card.node.dataset.artists, genre: cards[at - 1]?.said }));
  if (byId("autoplay")?.checked) card.node.querySelector("[data-play]")?.click();
  prefetch();
}

function drawSaid({ node, said }) {
  node.querySelector(".said b").textContent = said;
  node.querySelector(".said").hidden = !said;
}

function advance(sentence) {
  const next = cards.findIndex((card, index) => index > at && isOpen(card));
  if (next >= 0) return show(next, sentence);
  announce(words.waiting);
  return prefetch().then(() => (upcoming().length ? advance(sentence) : finishIfDone()));
}

// Nothing is left, or only songs that were put off: the server's own page says what comes next.
function finishIfDone() {
  if (isOpen(current()) || upcoming().length || fetching || outbox.tracks().length) return;
  if (byId("auto-advance").checked) location.assign(location.pathname);
}

function prefetch() {
  if (fetching || upcoming().length >= AHEAD) return fetching ?? Promise.resolve();
  const known = cards.slice(Math.max(0, at - REMEMBERED)).filter((card) => !card.skipped).map((card) => card.track);
  const held = [...new Set([...outbox.tracks(), ...known])].join(",");
  fetching = fetch(`${words.cards}?held=${held}`, { headers: { Accept: "application/json" }, redirect: "manual" })
    .then((response) => (response.ok ? response.json() : { cards: [] }))
    .then((found) => found.cards.forEach(take))
    .catch(() => null) // the next word tells that there is no connection
    .finally(() => { fetching = null; });
  return fetching;
}

function take(found) {
  const old = cards.findIndex((card) => card.track === found.track);
  if (old >= 0 && !cards[old].skipped) return;
  const box = document.createElement("template");
  box.innerHTML = found.html;
  const card = cardOf(box.content.firstElementChild);
  cards.push(card);
  const cover = card.node.querySelector("img");
  if (cover) Object.assign(new Image(), { referrerPolicy: "no-referrer", src: cover.src });
}

// --- saying -----------------------------------------------------------------------------------------------------

function say(genres) {
  const card = current();
  const body = new URLSearchParams({ genre: genres[0][0] });
  for (const [slug] of genres.slice(1)) body.append("also", slug);
  if (card.node.querySelector("[name=whole_artist]")?.checked) body.set("whole_artist", "on");
  const said = genres.map(([, name]) => name).join(", ");
  const item = { isWord: true, said, track: card.track, name: card.name, url: card.node.dataset.url, card };
  item.body = () => { body.set("held", upcoming().map((one) => one.track).join(",")); return body; };
  item.done = (answer) => { item.step = answer.step; arrived(answer); };
  outbox.put(item);
  steps.push({ item, card, before: card.said });
  card.said = said;
  if (document.activeElement === byId("typed")) place.focus({ preventScroll: true });
  if (byId("auto-advance").checked) return advance(words.said);
  return show(at, fill(words.stays, { genre: card.said, song: "%(song)s" }));
}

function arrived(answer) {
  byId("progress").innerHTML = answer.progress;
  const drop = new Set(answer.drop ?? []); // settled by this word, or to be asked anew
  for (let index = cards.length - 1; index > at; index -= 1) {
    if (drop.has(cards[index].track) && isOpen(cards[index])) cards.splice(index, 1);
  }
  prefetch();
}

function skip() {
  const card = current();
  const back = () => new URLSearchParams();
  const item = { track: card.track, name: card.name, url: card.node.dataset.skip, body: back, card, done: arrived };
  card.skipped = true;
  steps.push({ item, card });
  outbox.put(item);
  advance(words.skipped);
}

function undo() {
  const step = steps.pop();
  if (!step) return byId("undo-form") ? byId("undo-form").requestSubmit() : announce(words.nothing);
  const { item, card, before } = step;
  outbox.undo(item, item.isWord ? undoing(item) : { ...item, body: () => new URLSearchParams({ back: "on" }) });
  card.said = item.isWord ? before : "";
  card.skipped = false;
  drawSaid(card);
  if (!cards.includes(card)) cards.splice(at, 0, card);
  return show(cards.indexOf(card), words.undone);
}

function undoing(item) {
  return { track: item.track, name: item.name, url: words.undo, body: () => new URLSearchParams({ step: item.step ?? "" }), done: arrived };
}

// --- what did not arrive ----------------------------------------------------------------------------------------

function putBack(problem, items) {
  for (const { card, isWord } of items) {
    const index = cards.indexOf(card);
    if (!isWord || index < 0 || index === at) continue;
    cards.splice(index, 1);
    if (index < at) at -= 1;
    cards.splice(at + 1, 0, Object.assign(card, { said: "" }));
    drawSaid(card);
  }
  if (items.some(({ card }) => card === current())) drawSaid(Object.assign(current(), { said: "" }));
  const values = { song: items[0].name, count: items.length, why: problem.sentence || words[problem.kind] };
  complain(fill(items.length > 1 ? words.failedMany : words.failedOne, values), true);
}

function complain(sentence, again = false) {
  const box = byId("unsent");
  box.hidden = !sentence;
  box.dataset.again = again ? "on" : "";
  box.querySelector("p").textContent = sentence;
  box.querySelector("button").hidden = !again;
  if (!sentence) announce(words.arrived);
}

// The card stays where it is: the user may be about to say something on it.
function takeUp(items) {
  for (const { card, isWord, said } of items) if (isWord) drawSaid(Object.assign(card, { said }));
}

function sendAgain() {
  outbox.again();
  if (!isOpen(current())) advance(words.shown);
}

// --- several genres, the whole artist ---------------------------------------------------------------------------

function several(isOn, isQuiet = false) {
  isSeveral = isOn;
  chosen.clear();
  byId("several-toggle").setAttribute("aria-pressed", String(isOn));
  drawChosen();
  if (!isQuiet) announce(isOn ? words.severalOn : words.severalOff);
}

function choose(slug, name) {
  if (!isSeveral) return say([[slug, name]]);
  if (chosen.has(slug)) chosen.delete(slug);
  else chosen.set(slug, name);
  drawChosen();
  return announce(fill(words.chosen, { genre: [...chosen.values()].join(", ") }));
}

function drawChosen() {
  const names = [...chosen.values()].join(", ");
  byId("chosen").replaceChildren(...[...chosen].map(([slug, name]) => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "chosen", textContent: `${name} ×` });
    button.setAttribute("aria-label", fill(words.remove, { genre: name }));
    button.addEventListener("click", () => choose(slug, name));
    return button;
  }));
  for (const chip of place.querySelectorAll(".tops button")) {
    if (isSeveral) chip.setAttribute("aria-pressed", String(chosen.has(chip.value)));
    else chip.removeAttribute("aria-pressed");
  }
  byId("several-save").hidden = !chosen.size;
  byId("several-save").textContent = fill(words.save, { genre: names });
}

function saveSeveral() {
  if (chosen.size) say([...chosen]);
}

function wholeArtist() {
  const box = current().node.querySelector("[name=whole_artist]");
  if (!box) return;
  box.checked = !box.checked;
  announce(box.checked ? words.artistOn : words.artistOff);
}

function press(key) {
  const chip = place.querySelector(`[data-key="${key}"]`);
  if (chip) choose(chip.value, chip.querySelector(".top-name").textContent);
}

// --- keys -------------------------------------------------------------------------------------------------------

const typeahead = new TypeAhead(byId("typed"), byId("typed-list"), byId("other"), {
  onPick: (option) => { choose(option.value, option.name); if (!isSeveral) place.focus({ preventScroll: true }); },
  onLeave: () => place.focus({ preventScroll: true }),
  onEmptyEnter: saveSeveral,
  onUnknown: (genre) => announce(fill(words.unknown, { genre })),
});
const usesKeys = () => byId("use-keys").checked;
const play = () => current().node.querySelector("[data-play]")?.click();
const KEYS = {
  1: () => press("1"),
  2: () => press("2"),
  3: () => press("3"),
  Enter: () => (isSeveral ? saveSeveral() : press("1")),
  g: () => byId("typed").focus(),
  m: () => several(!isSeveral),
  a: wholeArtist,
  " ": play,
  ArrowLeft: () => (at ? show(at - 1) : announce(words.first)),
  ArrowRight: () => (at + 1 < cards.length ? show(at + 1) : advance(words.shown)),
  s: skip,
  u: undo,
  "?": () => byId("help").showModal(),
  Escape: () => isSeveral && several(false),
};

document.addEventListener("keydown", (event) => {
  const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action || event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!usesKeys() && event.key !== "Escape") return;
  if (byId("help").open || event.target.closest("select, textarea, input:not([type=checkbox])")) return;
  const hasOwnUse = event.target.closest("a, button, summary, input");
  if (hasOwnUse && (event.key === "Enter" || event.key === " ")) return;
  event.preventDefault();
  action();
});

// --- the same by mouse, and what is remembered ------------------------------------------------------------------

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { submitter } = event;
  if (submitter?.id === "skip") skip();
  else if (submitter?.dataset.key) press(submitter.dataset.key);
});

function remember(id, otherwise) {
  const box = byId(id);
  if (!box) return;
  const name = `review-${id}`;
  try { box.checked = (localStorage.getItem(name) ?? otherwise) === "on"; } catch { /* no storage: as the page has it */ }
  box.addEventListener("change", () => { try { localStorage.setItem(name, box.checked ? "on" : "off"); } catch { /* not kept */ } });
}

function start() {
  remember("auto-advance", "on");
  remember("autoplay", "off");
  remember("use-keys", "on");
  byId("use-keys").addEventListener("change", drawKeys);
  for (const node of document.querySelectorAll(".scripted, #typeahead, #several")) node.hidden = false;
  for (const node of document.querySelectorAll("#other-plain, #several-plain, .review-steps .plain")) node.remove();
  byId("previous").addEventListener("click", KEYS.ArrowLeft);
  byId("next").addEventListener("click", KEYS.ArrowRight);
  byId("undo").addEventListener("click", undo);
  byId("several-toggle").addEventListener("click", () => several(!isSeveral));
  byId("several-save").addEventListener("click", saveSeveral);
  byId("help-open").addEventListener("click", KEYS["?"]);
  byId("help-close").addEventListener("click", () => byId("help").close());
  byId("unsent").querySelector("button").addEventListener("click", sendAgain);
  drawKeys();
  prefetch();
}

function drawKeys() {
  for (const hint of document.querySelectorAll(".keys")) hint.hidden = !usesKeys();
}

start();
