// 1, 2 and 3 choose for the card that has the focus; never while something is being typed or selected.
document.querySelector(".keys")?.removeAttribute("hidden");
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select, textarea, input[type=text]")) return;
  event.target.closest(".review-card")?.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
});
document.querySelector(".review-card [data-key]")?.focus({ preventScroll: true });
