// How many songs pass, while the minimum confidence changes. The bins of a histogram are whole per cents.
const confidence = document.getElementById("id_confidence");
const total = document.querySelector("[data-total-live]");
const cards = [...document.querySelectorAll("[data-histogram]")].map((card) => ({
  bins: card.dataset.histogram.split(",").map(Number),
  live: card.querySelector("[data-live]"),
  pick: card.querySelector("input[type=checkbox]"),
}));

function songs(count) {
  return `${count.toLocaleString()} song${count === 1 ? "" : "s"}`;
}

function recount() {
  const least = Math.min(100, Math.max(0, Math.round(Number(confidence.value) || 0)));
  let ticked = 0;
  for (const { bins, live, pick } of cards) {
    const passing = bins.slice(least).reduce((sum, bin) => sum + bin, 0);
    live.textContent = `≥ ${least} %: ${songs(passing)}`;
    live.hidden = false;
    if (pick.checked) ticked += passing;
  }
  total.textContent = `The ticked genres have ${songs(ticked)} above it.`;
  total.hidden = false;
}

confidence.addEventListener("input", recount);
for (const { pick } of cards) pick.addEventListener("change", recount);
recount();
