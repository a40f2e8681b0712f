// The library as points by sound: drawn on a canvas, moved by pointer, wheel and keys. Nothing is animated.
import { Field } from "./map-field.js";

const view = document.getElementById("map");
const canvas = view.querySelector("canvas");
const pen = canvas.getContext("2d");
const panel = document.getElementById("map-song");
const said = document.getElementById("map-said");
const boxes = [...document.querySelectorAll("[data-genre]")];
const NAMED = 0.002; // share of all songs from which on a genre's name is on the map
const CROWD = 4000; // songs
const MOST_ZOOM = 60;
const NEAR_PX = 18;
const state = { zoom: 1, left: 0, top: 0, chosen: -1, found: null };
let field = null;
let colours = [];

// --- places: 0..1 on the map, pixels of the page on the canvas ---
const side = () => ({ width: canvas.clientWidth, height: canvas.clientHeight });
const toPixel = (x, y) => ({ px: (x - state.left) * state.zoom * side().width, py: (y - state.top) * state.zoom * side().height });
const toPlace = (px, py) => ({ x: px / side().width / state.zoom + state.left, y: py / side().height / state.zoom + state.top });

function keepInside() {
  const room = 1 - 1 / state.zoom;
  state.left = Math.min(Math.max(state.left, -0.02), Math.max(room, 0) + 0.02);
  state.top = Math.min(Math.max(state.top, -0.02), Math.max(room, 0) + 0.02);
}

function zoomAt(factor, px, py) {
  const before = toPlace(px, py);
  state.zoom = Math.min(Math.max(state.zoom * factor, 1), MOST_ZOOM);
  const after = toPlace(px, py);
  state.left += before.x - after.x;
  state.top += before.y - after.y;
  keepInside();
  draw();
}

function showAll() {
  Object.assign(state, { zoom: 1, left: 0, top: 0 });
  draw();
}

// --- drawing ---
function fit() {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(side().width * ratio);
  canvas.height = Math.round(side().height * ratio);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  colours = boxes.map((box) => getComputedStyle(box.parentElement.querySelector(".dot")).backgroundColor);
  draw();
}

function draw() {
  if (!field) return;
  const { width, height } = side();
  pen.clearRect(0, 0, width, height);
  const radius = Math.min(6, (field.size > CROWD ? 1.4 : 2.4) + Math.log2(state.zoom) * 0.7);
  const shown = boxes.map((box) => box.checked);
  let last = -1;
  for (const i of field.order) {
    if (!shown[field.genre[i]]) continue;
    const px = (field.x[i] - state.left) * state.zoom * width, py = (field.y[i] - state.top) * state.zoom * height; // asks the page nothing
    if (px < -9 || py < -9 || px > width + 9 || py > height + 9) continue;
    const isFound = !state.found || state.found.has(field.id[i]);
    const alpha = isFound ? (field.part[i] < 2 ? 0.95 : 0.5) : 0.12, look = field.genre[i] + alpha;
    if (look !== last) Object.assign(pen, { globalAlpha: alpha, fillStyle: colours[field.genre[i]] });
    last = look;
    dot(px, py, state.found && isFound ? radius + 2 : radius);
  }
  pen.globalAlpha = 1;
  drawNames(shown);
  if (state.chosen >= 0) ring(state.chosen, radius + 5);
}

// So small, a square looks like a disc and is drawn in a fraction of the time.
function dot(px, py, radius) {
  if (radius < 3 && field.size > CROWD) {
    const edge = Math.round(2 * radius); // whole pixels need no smoothing
    return pen.fillRect(Math.round(px - radius), Math.round(py - radius), edge, edge);
  }
  pen.beginPath();
  pen.arc(px, py, radius, 0, 7);
  return pen.fill();
}

function ring(i, radius) {
  const { px, py } = toPixel(field.x[i], field.y[i]);
  const style = getComputedStyle(canvas);
  for (const [width, colour] of [[5, style.backgroundColor], [2.5, style.color]]) {
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.beginPath();
    pen.arc(px, py, radius, 0, 7);
    pen.stroke();
  }
}

function drawNames(shown) {
  const style = getComputedStyle(canvas);
  pen.font = `600 13px ${style.fontFamily}`;
  pen.textAlign = "center";
  pen.lineJoin = "round";
  const taken = [], buttons = view.querySelector(".map-zoom");
  for (const { genre, songs, x, y } of field.middles) {
    if (songs * state.zoom ** 2 < NAMED * field.size) continue; // too few among so many, until one looks closer
    const name = boxes[genre].parentElement.querySelector("span").textContent;
    const half = pen.measureText(name).width / 2 + 4;
    const there = toPixel(x, y), py = Math.max(16, there.py - 14);  // above a point that is alone
    const right = py < buttons.offsetTop + buttons.offsetHeight + 16 ? buttons.offsetLeft : side().width;
    if (there.px < -half || there.px > side().width + half || there.py < -16 || there.py > side().height + 16) continue;
    const px = Math.min(Math.max(there.px, half), right - half);
    if (!shown[genre] || taken.some((one) => Math.abs(one.px - px) < 80 && Math.abs(one.py - py) < 20)) continue;
    taken.push({ px, py });
    pen.lineWidth = 4;
    pen.strokeStyle = style.backgroundColor;
    pen.strokeText(name, px, py);
    pen.fillStyle = style.color;
    pen.fillText(name, px, py);
  }
}

// --- choosing a song ---
function choose(i) {
  state.chosen = i;
  const { px, py } = toPixel(field.x[i], field.y[i]);
  const { width, height } = side();
  if (px < 0 || py < 0 || px > width || py > height) {
    state.left = field.x[i] - 0.5 / state.zoom;
    state.top = field.y[i] - 0.5 / state.zoom;
    keepInside();
  }
  draw();
}

async function open(i, { play }) {
  choose(i);
  const id = field.id[i];
  if (play && panel.dataset.holds === String(id)) return panel.querySelector("[data-play]")?.click();
  const address = view.dataset.song.replace(/0$/, id);
  try {
    const answer = await fetch(`${address}?panel`, { headers: { "HX-Request": "true" } });
    if (answer.headers.get("HX-Redirect")) return location.assign(answer.headers.get("HX-Redirect"));
    if (!answer.ok) throw new Error(answer.status);
    const text = await answer.text();
    if (field.id[state.chosen] !== id) return; // another one was chosen meanwhile
    if (panel.dataset.holds !== String(id)) { // else a later answer overtook this one, and may sound already
      panel.innerHTML = text;
      panel.dataset.holds = id;
      history.replaceState(null, "", `#song-${id}`);
    }
    if (play) panel.querySelector("[data-play]:not([aria-pressed=true])")?.click();
  } catch {
    if (field.id[state.chosen] !== id) return;
    panel.textContent = view.dataset.failed;
    panel.dataset.holds = "";
  }
}

const isShown = (i) => boxes[field.genre[i]].checked;
function at(event) {
  const frame = canvas.getBoundingClientRect();
  const px = event.clientX - frame.left, py = event.clientY - frame.top;
  const place = toPlace(px, py);
  const i = field.nearest(place.x, place.y, isShown);
  if (i < 0) return -1;
  const there = toPixel(field.x[i], field.y[i]);
  return Math.hypot(there.px - px, there.py - py) <= NEAR_PX ? i : -1;
}

// --- pointers: one drags, two pinch, a short touch chooses ---
const pointers = new Map();
let travelled = 0;

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  if (pointers.size === 1) travelled = 0;
});
canvas.addEventListener("pointermove", (event) => {
  const last = pointers.get(event.pointerId);
  if (!field || !last) return;
  const now = { x: event.clientX, y: event.clientY };
  const frame = canvas.getBoundingClientRect();
  if (pointers.size === 2) {
    const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
    const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(last.x - other.x, last.y - other.y));
    travelled = Infinity;
    zoomAt(factor, (now.x + other.x) / 2 - frame.left, (now.y + other.y) / 2 - frame.top);
  } else {
    travelled += Math.abs(now.x - last.x) + Math.abs(now.y - last.y);
    state.left -= (now.x - last.x) / side().width / state.zoom;
    state.top -= (now.y - last.y) / side().height / state.zoom;
    keepInside();
    draw();
  }
  pointers.set(event.pointerId, now);
});
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, (event) => {
    pointers.delete(event.pointerId);
    if (end !== "pointerup" || travelled > 6 || !field) return;
    const i = at(event);
    if (i >= 0) open(i, { play: true });
  });
}
canvas.addEventListener("wheel", (event) => {
  if (!field || (!event.ctrlKey && document.activeElement !== canvas)) return; // a page that is scrolled past is not zoomed
  event.preventDefault();
  zoomAt(Math.exp(-event.deltaY * 0.002), event.offsetX, event.offsetY);
}, { passive: false });
canvas.addEventListener("dblclick", (event) => field && zoomAt(2, event.offsetX, event.offsetY));

// --- keys ---
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
canvas.addEventListener("keydown", (event) => {
  if (!field || event.ctrlKey || event.metaKey || event.altKey) return;
  const middle = { px: side().width / 2, py: side().height / 2 };
  if (WAYS[event.key]) step(...WAYS[event.key]);
  else if (event.key === "Enter" && state.chosen >= 0) open(state.chosen, { play: true });
  else if (event.key === "+") zoomAt(1.5, middle.px, middle.py);
  else if (event.key === "-") zoomAt(1 / 1.5, middle.px, middle.py);
  else if (event.key === "0") showAll();
  else return;
  event.preventDefault();
});

function step(right, down) {
  const centre = toPlace(side().width / 2, side().height / 2);
  const next = state.chosen < 0 ? field.nearest(centre.x, centre.y, isShown) : field.beyond(state.chosen, right, down, isShown);
  if (next >= 0) open(next, { play: false });
}

// --- the controls around it ---
const buttons = { in: () => zoomAt(1.6, side().width / 2, side().height / 2), out: () => zoomAt(1 / 1.6, side().width / 2, side().height / 2), all: showAll };
for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => buttons[button.dataset.zoom]());
for (const box of boxes) box.addEventListener("change", draw);

const search = document.getElementById("map-search");
search.addEventListener("submit", async (event) => {
  event.preventDefault();
  const words = new FormData(search).get("q").trim();
  if (!words) return forget();
  const answer = await fetch(`${search.dataset.find}?q=${encodeURIComponent(words)}`);
  const { ids } = answer.ok ? await answer.json() : { ids: [] };
  state.found = ids.length ? new Set(ids) : null;
  said.textContent = ids.length ? search.dataset.some + ids.length : search.dataset.none;
  if (!ids.length) panel.textContent = search.dataset.none;
  if (ids.length) open(field.id.indexOf(ids[0]), { play: false });
  draw();
});
search.addEventListener("input", () => new FormData(search).get("q") || forget());
function forget() {
  state.found = null;
  draw();
}

panel.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-song]");
  const i = link ? field.id.indexOf(Number(link.dataset.song)) : -1;
  if (i < 0) return;
  event.preventDefault();
  open(i, { play: true });
});

// --- start ---
for (const part of document.querySelectorAll("#map canvas, [data-loading], .map-side")) part.hidden = false;
try {
  const answer = await fetch(view.dataset.points);
  if (!answer.ok) throw new Error(answer.status);
  field = new Field(await answer.arrayBuffer());
  view.querySelector("[data-loading]").remove();
  for (const hidden of document.querySelectorAll(".map-zoom, .map-genre")) hidden.hidden = false;
  new ResizeObserver(fit).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", fit);
  const asked = field.id.indexOf(Number(location.hash.replace("#song-", "")));
  if (asked >= 0) open(asked, { play: false });
} catch {
  view.querySelector("[data-loading]").textContent = view.dataset.failed;
}
