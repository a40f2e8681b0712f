// What applying would change and cost, while playlists are ticked.
const boxes = [...document.querySelectorAll("input[name=playlist]")];
const LOOKED_UP_TOGETHER = 40; // playlists that one call asks about

function resum() {
  const ticked = boxes.filter((box) => box.checked);
  const known = ticked.filter((box) => "known" in box.dataset && Number(box.dataset.calls));
  const extra = { calls: Math.ceil(known.length / LOOKED_UP_TOGETHER) };
  for (const shown of document.querySelectorAll("[data-sum]")) {
    const sum = ticked.reduce((total, box) => total + Number(box.dataset[shown.dataset.sum]), 0);
    shown.textContent = (sum + (extra[shown.dataset.sum] ?? 0)).toLocaleString(document.documentElement.lang);
  }
}

for (const box of boxes) box.addEventListener("change", resum);
resum();
