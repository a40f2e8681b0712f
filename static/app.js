// Small comforts; every page works without them.

// Times in the reader's own zone.
function showLocalTimes(root) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    const when = new Date(time.dateTime);
    const isToday = when.toDateString() === new Date().toDateString();
    const isThisYear = when.getFullYear() === new Date().getFullYear();
    const date = isToday ? {} : { day: "numeric", month: "short", ...(isThisYear ? {} : { year: "numeric" }) };
    time.textContent = when.toLocaleString([], { ...date, hour: "2-digit", minute: "2-digit" });
  }
}

// Say a job's phase aloud when it changes, not at every refresh of the figures; each job by itself.
const saidBefore = new Map();
function announce(root) {
  const said = root.querySelector("[data-announce]");
  if (!said) return;
  const isNews = saidBefore.has(root.id) && saidBefore.get(root.id) !== said.textContent;
  saidBefore.set(root.id, said.textContent);
  if (isNews) document.getElementById("announcer").textContent = said.textContent;
}
for (const job of document.querySelectorAll(".job")) announce(job);

for (const button of document.querySelectorAll("[data-tick-all]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const boxes = [...button.closest("section").querySelectorAll("input[type=checkbox]")];
    const tick = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = tick;
  });
}

showLocalTimes(document);
document.addEventListener("htmx:load", (event) => {
  showLocalTimes(event.detail.elt);
  announce(event.detail.elt);
});

// Copy a text that has to be pasted elsewhere, and say so.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.copied;
    document.getElementById("announcer").textContent = button.dataset.copied;
  });
}

