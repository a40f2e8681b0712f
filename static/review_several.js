// Several genres for one song: chosen one after the other, then saved together.
class Several {
  // `place` holds the card and its chips; `words`: the sentences of the page, filled by `fill`.
  constructor(place, { words, fill, announce, onSave }) {
    Object.assign(this, { place, words, fill, announce, onSave });
    this.chosen = new Map(); // slug → name
    this.isOn = false;
    this.button = document.getElementById("several-toggle");
    this.saving = document.getElementById("several-save");
    this.button.addEventListener("click", () => this.toggle());
    this.saving.addEventListener("click", () => this.save());
  }

  get names() { return [...this.chosen.values()].join(", "); }

  toggle(isOn = !this.isOn) {
    this.reset(isOn);
    this.announce(isOn ? this.words.severalOn : this.words.severalOff);
  }

  reset(isOn = false) {
    this.isOn = isOn;
    this.chosen.clear();
    this.button.setAttribute("aria-pressed", String(isOn));
    this.draw();
  }

  choose(slug, name) {
    if (this.chosen.has(slug)) this.chosen.delete(slug);
    else this.chosen.set(slug, name);
    this.draw();
    this.announce(this.fill(this.words.chosen, { genre: this.names }));
  }

  save() {
    if (this.chosen.size) this.onSave([...this.chosen]);
  }

  draw() {
    document.getElementById("chosen").replaceChildren(...[...this.chosen].map(([slug, name]) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "chosen", textContent: `${name} ×` });
      button.setAttribute("aria-label", this.fill(this.words.remove, { genre: name }));
      button.addEventListener("click", () => this.choose(slug, name));
      return button;
    }));
    for (const chip of this.place.querySelectorAll(".tops button")) {
      if (this.isOn) chip.setAttribute("aria-pressed", String(this.chosen.has(chip.value)));
      else chip.removeAttribute("aria-pressed");
    }
    this.saving.hidden = !this.chosen.size;
    this.saving.textContent = this.fill(this.words.save, { genre: this.names });
  }
}
