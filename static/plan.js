// What applying would change and cost, while playlists are ticked.
const boxes = [...document.querySelectorAll("input[name=playlist]")];

function resum() {
  for (const shown of document.querySelectorAll("[data-sum]")) {
    const ticked = boxes.filter((box) => box.checked);
    const sum = ticked.reduce((total, box) => total + Number(box.dataset[shown.dataset.sum]), 0);
    shown.textContent = sum.toLocaleString();
  }
}

for (const box of boxes) box.addEventListener("change", resum);
resum();
