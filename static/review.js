// 1, 2 and 3 choose for the card that has the focus, else for the first; never while something is typed or selected.
document.querySelector(".keys")?.removeAttribute("hidden");
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("select, textarea, input:not([type=checkbox])");
  if (isTyping || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const card = event.target.closest(".review-card") ?? document.querySelector(".review-card");
  card?.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
});
