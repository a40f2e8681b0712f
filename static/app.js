// Small comforts; every page works without them.

// The server writes all times; here it learns the reader's zone, for the next page.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `time_zone=${zone};path=/;max-age=31536000;samesite=lax`;

// Say a job's phase aloud when it changes, not at every refresh of the figures.
function announce(root) {
  const said = root.querySelector("[data-announce]");
  const announcer = document.getElementById("announcer");
  if (said && announcer.textContent !== said.textContent) announcer.textContent = said.textContent;
}

for (const button of document.querySelectorAll("[data-tick-all]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const boxes = [...button.closest("section").querySelectorAll("input[type=checkbox]")];
    const tick = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = tick;
  });
}

document.addEventListener("htmx:load", (event) => announce(event.detail.elt));
