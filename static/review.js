// One song at a time without waiting: the next cards are here before they are needed, words go out in the background.
const form = document.getElementById("review");
const place = document.getElementById("review-place");
const words = form.dataset;
const byId = (id) => document.getElementById(id);
const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
const announce = (text) => { byId("announcer").textContent = text; };

const steps = []; // what `u` takes back, newest last

const outbox = new Outbox({
  token: () => document.cookie.match(/csrftoken=([^;]+)/)?.[1] ?? form.elements.csrfmiddlewaretoken.value,
  account: form.elements.account.value,
  onFail: putBack,
  onRefused: (problem, item) => complain(fill(words.refused, { song: item.name, why: problem.sentence || words[problem.kind] }), false),
  onAgain: takeUp,
  onClear: () => { if (!byId("unsent").hidden && byId("unsent").dataset.again) complain(""); finishIfDone(); },
});

const cards = new Cards(place.firstElementChild, { url: words.cards, held: () => outbox.tracks() });
const several = new Several(place, { words, fill, announce, onSave: say });

// --- showing ----------------------------------------------------------------------------------------------------

function show(index, sentence = words.shown) {
  const hadFocus = place.contains(document.activeElement);
  const card = cards.all[index];
  if (card.node !== place.firstElementChild) place.replaceChildren(card.node);
  cards.at = index;
  form.action = card.node.dataset.url;
  byId("skip").formAction = card.node.dataset.skip;
  several.reset();
  if (card.said) drawSaid(card);
  for (const hint of card.node.querySelectorAll(".keys")) hint.hidden = !usesKeys();
  if (hadFocus) place.focus({ preventScroll: true });
  announce(fill(sentence, { song: card.name, artists: card.node.dataset.artists, genre: cards.all[index - 1]?.said }));
  if (byId("autoplay")?.checked) card.node.querySelector("[data-play]")?.click();
  cards.prefetch();
}

function drawSaid({ node, said }) {
  node.querySelector(".said b").textContent = said;
  node.querySelector(".said").hidden = !said;
}

function advance(sentence) {
  if (cards.next >= 0) return show(cards.next, sentence);
  announce(words.waiting);
  const left = cards.current, isSettled = !Cards.isOpen(left);
  return cards.prefetch().then(() => {
    if (isSettled && Cards.isOpen(left)) return; // what was said on it did not arrive: it is asked about again
    if (cards.next >= 0) advance(sentence);
    else finishIfDone();
  });
}

// Nothing is left, or only songs that were put off: the server's own page says what comes next.
function finishIfDone() {
  if (Cards.isOpen(cards.current) || cards.upcoming.length || cards.fetching || outbox.tracks().length) return;
  if (byId("auto-advance").checked) location.assign(location.pathname);
}

// --- saying -----------------------------------------------------------------------------------------------------

function say(genres) {
  const card = cards.current;
  const body = new URLSearchParams({ genre: genres[0][0] });
  for (const [slug] of genres.slice(1)) body.append("also", slug);
  if (card.node.querySelector("[name=whole_artist]")?.checked) body.set("whole_artist", "on");
  const said = genres.map(([, name]) => name).join(", ");
  const item = { isWord: true, said, track: card.track, name: card.name, url: card.node.dataset.url, card };
  item.body = () => { body.set("held", cards.upcoming.map((one) => one.track).join(",")); return body; };
  item.done = (answer) => { item.step = answer.step; arrived(answer); };
  outbox.put(item);
  steps.push({ item, card, before: card.said });
  card.said = said;
  if (document.activeElement === byId("typed")) place.focus({ preventScroll: true });
  if (byId("auto-advance").checked) return advance(words.said);
  return show(cards.at, fill(words.stays, { genre: card.said, song: "%(song)s" }));
}

function arrived(answer) {
  byId("progress").innerHTML = answer.progress;
  cards.drop(new Set(answer.drop ?? []));
  cards.prefetch();
}

function skip() {
  const card = cards.current;
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
  return show(cards.placeOf(card), words.undone);
}

function undoing(item) {
  return { track: item.track, name: item.name, url: words.undo, body: () => new URLSearchParams({ step: item.step ?? "" }), done: arrived };
}

// --- what did not arrive ----------------------------------------------------------------------------------------

function putBack(problem, items) {
  for (const { card, isWord } of items) {
    if (isWord && cards.putBack(card)) drawSaid(Object.assign(card, { said: "" }));
  }
  if (items.some(({ card }) => card === cards.current)) drawSaid(Object.assign(cards.current, { said: "" }));
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
  if (!Cards.isOpen(cards.current)) advance(words.shown);
}

// --- one genre or several, the whole artist -----------------------------------------------------------------------

function choose(slug, name) {
  return several.isOn ? several.choose(slug, name) : say([[slug, name]]);
}

function wholeArtist() {
  const box = cards.current.node.querySelector("[name=whole_artist]");
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
  onPick: (option) => { choose(option.value, option.name); if (!several.isOn) place.focus({ preventScroll: true }); },
  onLeave: () => place.focus({ preventScroll: true }),
  onEmptyEnter: () => several.save(),
  onUnknown: (genre) => announce(fill(words.unknown, { genre })),
});
const usesKeys = () => byId("use-keys").checked;
const play = () => cards.current.node.querySelector("[data-play]")?.click();
const KEYS = {
  1: () => press("1"),
  2: () => press("2"),
  3: () => press("3"),
  Enter: () => (several.isOn ? several.save() : press("1")),
  g: () => byId("typed").focus(),
  m: () => several.toggle(),
  a: wholeArtist,
  " ": play,
  ArrowLeft: () => (cards.at ? show(cards.at - 1) : announce(words.first)),
  ArrowRight: () => (cards.at + 1 < cards.all.length ? show(cards.at + 1) : advance(words.shown)),
  s: skip,
  u: undo,
  "?": () => byId("help").showModal(),
  Escape: () => several.isOn && several.toggle(false),
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
  byId("help-open").addEventListener("click", KEYS["?"]);
  byId("help-close").addEventListener("click", () => byId("help").close());
  byId("unsent").querySelector("button").addEventListener("click", sendAgain);
  drawKeys();
  cards.prefetch();
}

function drawKeys() {
  for (const hint of document.querySelectorAll(".keys")) hint.hidden = !usesKeys();
}

start();
