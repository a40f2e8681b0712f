// Small comforts; every page works without them.

// The server writes all times; here it learns the reader's zone, for the next page.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `time_zone=${zone};path=/;max-age=31536000;samesite=lax`;

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

document.addEventListener("htmx:load", (event) => announce(event.detail.elt));

// A job's page is loaded again when the job has ended, but not under somebody who is on the way to another page.
let isLeaving = false;
window.addEventListener("beforeunload", () => {
  isLeaving = true;
  setTimeout(() => { isLeaving = false; }, 5000); // a download, or a page that asked whether to stay
});
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const orders = ["HX-Refresh", "HX-Redirect"].some((name) => event.detail.xhr.getResponseHeader(name));
  if (isLeaving && orders) event.preventDefault(); // where it matters, the page asks again
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
