// A box to type a genre into, made from the options of a <select>: arrows choose, Enter takes, Escape leaves.
class TypeAhead {
  constructor(input, list, select, { onPick, onLeave, onEmptyEnter, onUnknown }) {
    Object.assign(this, { input, list, onPick, onLeave, onEmptyEnter, onUnknown });
    this.options = [...select.querySelectorAll("optgroup option")].map((option) => ({
      value: option.value,
      name: option.textContent,
      family: option.parentElement.label,
      folded: TypeAhead.fold(option.textContent),
    }));
    this.at = 0;
    input.addEventListener("input", () => this.draw());
    input.addEventListener("focus", () => this.draw());
    input.addEventListener("blur", () => this.close());
    input.addEventListener("keydown", (event) => this.key(event));
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
    list.addEventListener("click", (event) => this.pick(event.target.closest("[role=option]")?.dataset.value));
  }

  static fold(text) {
    return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  }

  matches() {
    const typed = TypeAhead.fold(this.input.value);
    if (!typed) return [];
    const rank = ({ folded }) => (folded === typed ? 0 : folded.startsWith(typed) ? 1 : ` ${folded}`.includes(` ${typed}`) ? 2 : folded.includes(typed) ? 3 : 9);
    return this.options.filter((one) => rank(one) < 9).sort((a, b) => rank(a) - rank(b)).slice(0, 8);
  }

  draw() {
    this.found = this.matches();
    this.at = 0;
    this.list.replaceChildren(...this.found.map((one, place) => {
      const row = document.createElement("li");
      Object.assign(row, { id: `typed-${place}`, role: "option", textContent: one.name });
      row.dataset.value = one.value;
      if (one.family !== one.name) {
        const family = document.createElement("span");
        Object.assign(family, { className: "muted", textContent: one.family });
        row.append(" ", family);
      }
      return row;
    }));
    this.list.hidden = !this.found.length;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.mark();
  }

  mark() {
    [...this.list.children].forEach((row, place) => row.setAttribute("aria-selected", String(place === this.at)));
    if (this.list.hidden) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `typed-${this.at}`);
  }

  move(by) {
    if (!this.found.length) return;
    this.at = (this.at + by + this.found.length) % this.found.length;
    this.mark();
  }

  key(event) {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) {
      event.preventDefault();
      this.move(moves[event.key]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
      if (this.found?.length) this.pick(this.found[this.at].value);
      else if (!this.input.value.trim()) this.onEmptyEnter();
      else this.onUnknown(this.input.value.trim());
    } else if (event.key === "Escape") {
      this.leave();
    }
  }

  pick(value) {
    const option = this.options.find((one) => one.value === value);
    if (!option) return;
    this.clear();
    this.onPick(option);
  }

  leave() {
    this.clear();
    this.onLeave();
  }

  clear() {
    this.input.value = "";
    this.close();
  }

  close() {
    this.list.hidden = true;
    this.found = [];
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
