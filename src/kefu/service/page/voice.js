// Answers read aloud, one sentence after the other.

export class Voice {
  constructor() {
    this.player = new Audio();
    this.waiting = [];
    this.isBusy = false;
    this.player.onended = this.player.onerror = () => this.next();
  }

  // Say a sentence after those that are still to be said.
  say(url) {
    this.waiting.push(url);
    if (!this.isBusy) this.next();
  }

  silence() {
    this.waiting = [];
    this.isBusy = false;
    this.player.pause();
  }

  next() {
    const url = this.waiting.shift();
    this.isBusy = url !== undefined;
    if (!this.isBusy) return;
    this.player.src = url;
    this.player.play().catch(() => this.silence()); // a browser may ask for a tap first
  }
}
