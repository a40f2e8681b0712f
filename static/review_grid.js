// Ticking many: shift and a click tick everything between this song and the last one clicked.
const boxes = [...document.querySelectorAll(".review-grid input[type=checkbox]")];
let last = null;

for (const box of boxes) {
  box.addEventListener("click", (event) => {
    if (event.shiftKey && last) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
    }
    last = box;
  });
}
