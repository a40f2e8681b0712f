// The points of the map, unpacked, and who lies next to whom.
const CELLS = 48;

export class Field {
  constructor(buffer) {
    const n = new DataView(buffer).getUint32(0, true);
    const steps = new Uint32Array(buffer, 4, n);
    this.size = n;
    this.id = [];
    for (let i = 0, id = 0; i < n; i++) this.id.push((id += steps[i]));
    this.x = Float32Array.from(new Uint16Array(buffer, 4 + 4 * n, n), (value) => value / 65535);
    this.y = Float32Array.from(new Uint16Array(buffer, 4 + 6 * n, n), (value) => value / 65535);
    this.genre = new Uint8Array(buffer, 4 + 8 * n, n);
    this.part = new Uint8Array(buffer, 4 + 9 * n, n);
    // Colour by colour, the smallest genres last, so that they lie on top: to change colours takes a canvas long.
    this.order = Uint32Array.from(this.id.keys()).sort((a, b) => this.genre[a] - this.genre[b] || this.part[a] - this.part[b]);
    this.cells = new Map();
    for (let i = 0; i < n; i++) {
      const key = this.key(this.column(this.x[i]), this.column(this.y[i]));
      if (!this.cells.has(key)) this.cells.set(key, []);
      this.cells.get(key).push(i);
    }
    this.middles = this.findMiddles();
  }

  column(value) {
    return Math.min(CELLS - 1, Math.max(0, Math.floor(value * CELLS)));
  }

  key(column, row) {
    return row * CELLS + column;
  }

  // The song nearest to a place, among those that `isWanted`; -1 when there is none.
  nearest(x, y, isWanted) {
    let best = -1, least = Infinity;
    for (let ring = 0; ring < CELLS; ring++) {
      if (best >= 0 && (ring - 1) / CELLS > Math.sqrt(least)) break;
      for (const i of this.around(this.column(x), this.column(y), ring)) {
        const apart = (this.x[i] - x) ** 2 + (this.y[i] - y) ** 2;
        if (apart < least && isWanted(i)) [best, least] = [i, apart];
      }
    }
    return best;
  }

  *around(column, row, ring) {
    for (let r = row - ring; r <= row + ring; r++) {
      const isEdge = Math.abs(r - row) === ring;
      for (let c = column - ring; c <= column + ring; c += isEdge ? 1 : Math.max(1, 2 * ring)) yield* this.cells.get(this.key(c, r)) ?? [];
    }
  }

  // The next song in a direction: near, and rather ahead than beside.
  beyond(from, right, down, isWanted) {
    let best = -1, least = Infinity;
    for (let i = 0; i < this.size; i++) {
      const dx = this.x[i] - this.x[from], dy = this.y[i] - this.y[from];
      const ahead = dx * right + dy * down;
      if (ahead <= 0 || i === from || !isWanted(i)) continue;
      const beside = Math.abs(dx * down) + Math.abs(dy * right);
      const cost = ahead + 3 * beside;
      if (cost < least) [best, least] = [i, cost];
    }
    return best;
  }

  // Where each genre lies densest, the largest genre first: its name is written there.
  findMiddles() {
    const counts = new Map();
    for (const [key, songs] of this.cells) {
      for (const i of songs) {
        const of = counts.get(this.genre[i]) ?? counts.set(this.genre[i], new Map()).get(this.genre[i]);
        of.set(key, (of.get(key) ?? 0) + 1);
      }
    }
    const middles = [...counts].map(([genre, cells]) => {
      const [key] = [...cells].reduce((most, one) => (one[1] > most[1] ? one : most));
      const songs = [...cells.values()].reduce((sum, one) => sum + one);
      return { genre, songs, x: ((key % CELLS) + 0.5) / CELLS, y: (Math.floor(key / CELLS) + 0.5) / CELLS };
    });
    return middles.sort((a, b) => a.genre - b.genre);
  }
}
