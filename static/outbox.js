// What the user said and the server has not confirmed yet: sent one at a time and in order, so that the page need not
// wait. A word is out of here only once it has arrived; sending one again does no harm.
class Problem extends Error {
  constructor(kind, sentence = "") {
    super(sentence || kind);
    this.kind = kind; // offline, signedOut, otherUser, server; or refused, gone: sending again will not help
    this.sentence = sentence;
  }
  get isFinal() { return this.kind === "refused" || this.kind === "gone"; }
}

class Outbox {
  // onFail(problem, items): they are sent no more until onAgain(items), by `again` or once there is a connection.
  constructor({ token, account, onFail, onRefused, onAgain, onClear }) {
    this.waiting = [];
    this.unsent = [];
    this.isSending = false;
    Object.assign(this, { token, account, onFail, onRefused, onAgain, onClear });
    window.addEventListener("pagehide", () => this.flush());
    window.addEventListener("online", () => this.again());
    window.addEventListener("beforeunload", (event) => { if (this.unsent.length) event.preventDefault(); });
  }

  // A song's earlier words go first: the last one counts, and undoing it leads back to the one before.
  put(item) {
    this.again(this.unsent.filter((old) => item.track === old.track && old.isWord && item.isWord));
    this.waiting.push(item);
    this.send();
  }

  // True when it had not gone out, so that nothing has to be undone.
  remove(item) {
    const isUnderWay = this.isSending && this.waiting[0] === item;
    const lists = [this.unsent, isUnderWay ? [] : this.waiting];
    const list = lists.find((one) => one.includes(item));
    if (!list || item.mayHaveArrived) return false;
    list.splice(list.indexOf(item), 1);
    return true;
  }

  // Not sent at all where it had not gone out; else by `opposite`, sent after it, as only its answer tells how.
  undo(item, opposite) {
    if (this.remove(item)) return;
    this.again(this.unsent.filter((one) => one === item));
    this.put(opposite);
  }

  tracks() { return [...this.waiting, ...this.unsent].map((item) => item.track); }

  again(items = this.unsent) {
    if (!items.length) return;
    this.unsent = this.unsent.filter((item) => !items.includes(item));
    this.waiting.splice(this.isSending ? 1 : 0, 0, ...items); // the first one is under way
    this.onAgain(items);
    this.send();
  }

  async send() {
    if (this.isSending) return;
    this.isSending = true;
    while (this.waiting.length) {
      const item = this.waiting[0];
      try {
        const answer = await this.post(item);
        this.waiting.shift();
        item.done?.(answer);
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        this.fail(item, problem);
      }
    }
    this.isSending = false;
    if (!this.unsent.length) this.onClear?.();
  }

  fail(item, problem) {
    if (problem.isFinal) {
      this.waiting.shift();
      this.onRefused(problem, item);
      return;
    }
    item.mayHaveArrived = true; // the answer was lost, perhaps not the word
    this.unsent.push(...this.waiting.splice(0));
    this.onFail(problem, this.unsent);
  }

  async post(item) {
    const response = await this.ask(item).catch(() => { throw new Problem("offline"); });
    if (response.type === "opaqueredirect" || response.status === 403) throw new Problem("signedOut");
    if (response.status === 404) throw new Problem("gone");
    const answer = await response.json().catch(() => null);
    if (response.status === 409) throw new Problem("otherUser", answer?.error);
    if (response.status === 400) throw new Problem("refused", answer?.error);
    if (!response.ok || !answer) throw new Problem("server");
    return answer;
  }

  ask(item) {
    const body = item.body();
    body.set("account", this.account); // whose word it is: by now somebody else may be signed in
    return fetch(item.url, {
      method: "POST",
      body,
      headers: { Accept: "application/json", "X-CSRFToken": this.token() },
      redirect: "manual",
      keepalive: true,
      signal: AbortSignal.timeout(15000),
    });
  }

  // Leaving the page: what is still in line goes out at once; the browser finishes it.
  flush() {
    for (const item of this.waiting.slice(this.isSending ? 1 : 0)) this.ask(item).catch(() => null);
  }
}
