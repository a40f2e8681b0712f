// The cards of the review: those said and put off, the one on the page, and those kept ready behind it.
const AHEAD = 30; // cards kept ready
const REMEMBERED = 60; // cards behind us that the server need not send again

class Cards {
  // `held()`: tracks that are on their way to the server, and so not to be asked about again.
  constructor(first, { url, held }) {
    Object.assign(this, { url, held });
    this.all = [Cards.of(first)];
    this.at = 0;
    this.fetching = null;
  }

  static of(node) {
    return { node, track: Number(node.dataset.track), name: node.dataset.name, said: "", skipped: false };
  }

  static isOpen(card) { return !card.said && !card.skipped; }

  get current() { return this.all[this.at]; }
  get upcoming() { return this.all.slice(this.at + 1).filter(Cards.isOpen); }
  get next() { return this.all.findIndex((card, index) => index > this.at && Cards.isOpen(card)); }

  prefetch() {
    if (this.fetching || this.upcoming.length >= AHEAD) return this.fetching ?? Promise.resolve();
    const known = this.all.slice(Math.max(0, this.at - REMEMBERED)).filter((card) => !card.skipped);
    const held = [...new Set([...this.held(), ...known.map((card) => card.track)])].join(",");
    this.fetching = fetch(`${this.url}?held=${held}`, { headers: { Accept: "application/json" }, redirect: "manual" })
      .then((response) => (response.ok ? response.json() : { cards: [] }))
      .then((found) => found.cards.forEach((one) => this.take(one)))
      .catch(() => null) // the next word tells that there is no connection
      .finally(() => { this.fetching = null; });
    return this.fetching;
  }

  take(found) {
    const old = this.all.findIndex((card) => card.track === found.track);
    if (old >= 0 && !this.all[old].skipped) return;
    const box = document.createElement("template");
    box.innerHTML = found.html;
    const card = Cards.of(box.content.firstElementChild);
    this.all.push(card);
    const cover = card.node.querySelector("img");
    if (cover) Object.assign(new Image(), { referrerPolicy: "no-referrer", src: cover.src });
  }

  // Settled by a word on another song, or to be asked anew.
  drop(tracks) {
    this.all = this.all.filter((card, index) => index <= this.at || !tracks.has(card.track) || !Cards.isOpen(card));
  }

  // What was said on it did not arrive: it is asked about again, next.
  putBack(card) {
    const index = this.all.indexOf(card);
    if (index < 0 || index === this.at) return false;
    this.all.splice(index, 1);
    if (index < this.at) this.at -= 1;
    this.all.splice(this.at + 1, 0, card);
    return true;
  }

  // The place of a card that may have been dropped meanwhile.
  placeOf(card) {
    if (!this.all.includes(card)) this.all.splice(this.at, 0, card);
    return this.all.indexOf(card);
  }
}
