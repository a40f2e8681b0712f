// A play button beside a song: one sound at a time, nothing is asked of anybody before a click.
const sound = new Audio();
sound.preload = "none";
document.body.append(sound);
let playing = null; // the button whose sound is on

function playerWords(button, word) { return button.dataset[`words${word}`]; }

function mark(button, isOn) {
  button.setAttribute("aria-pressed", String(isOn));
  button.classList.toggle("is-on", isOn);
}

function stop() {
  if (!playing) return;
  mark(playing, false);
  playing.removeAttribute("aria-busy");
  sound.pause();
  document.getElementById("dock")?.remove();
  playing = null;
}

function play(button) {
  stop();
  playing = button;
  mark(button, true);
  if (button.dataset.play === "embed") dock(button);
  else listenTo(button);
}

function listenTo(button) {
  button.setAttribute("aria-busy", "true");
  sound.src = button.href;
  sound.play().then(() => button.removeAttribute("aria-busy")).catch((error) => {
    if (playing === button && error.name !== "AbortError") explain(button);
  });
}

// The element does not tell why there is no sound; the address does, in a sentence.
async function explain(button) {
  stop();
  const answer = await fetch(button.href, { headers: { Accept: "text/plain" } }).catch(() => null);
  const sentence = answer && answer.status >= 400 ? await answer.text() : playerWords(button, "Missing");
  let place = button.parentElement.querySelector(".play-problem");
  if (!place) {
    place = document.createElement("span");
    place.className = "play-problem hint";
    place.setAttribute("role", "status");
    button.after(place);
  }
  place.textContent = sentence;
}

// Spotify's own player, at the bottom of the page until it is closed.
function dock(button) {
  const region = document.createElement("div");
  Object.assign(region, { id: "dock", className: "dock" });
  region.setAttribute("role", "region");
  region.setAttribute("aria-label", playerWords(button, "Player"));
  const frame = document.createElement("iframe");
  Object.assign(frame, { src: button.dataset.embed, title: playerWords(button, "Player"), height: 80, allow: "encrypted-media; autoplay" });
  const close = document.createElement("button");
  Object.assign(close, { type: "button", textContent: "×" });
  close.setAttribute("aria-label", playerWords(button, "Close"));
  close.addEventListener("click", () => { stop(); button.focus(); });
  region.append(frame, close);
  document.body.append(region);
}

function toggle(button) { return playing === button ? stop() : play(button); }

sound.addEventListener("ended", stop);
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-play]");
  if (!button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  toggle(button);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !event.target.matches?.("[data-play]")) return;
  event.preventDefault(); // links do not answer to the space bar by themselves
  event.stopPropagation();
  toggle(event.target);
});

function dress(root) {
  for (const link of root.querySelectorAll?.("[data-play]:not([role])") ?? []) {
    link.setAttribute("role", "button");
    mark(link, false);
  }
}

dress(document);
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) if (node.nodeType === 1) dress(node);
}).observe(document.body, { childList: true, subtree: true });
