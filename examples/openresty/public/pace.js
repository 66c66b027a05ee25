const FRAME = 16; // ms
const REST = 4; // times as long as a painting takes

/** Runs `paint` soon after soon(), once for all that has come meanwhile. It takes
    a fifth of the time at most: the larger a text, the rarer it is painted. */
export class Pace {
  constructor(paint) {
    Object.assign(this, { paint, took: 0, pause: FRAME });
  }

  soon() {
    this.timer ??= setTimeout(() => this.now(), this.pause);
  }

  now() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const began = performance.now();
    this.paint();
    const took = performance.now() - began;
    // One that took long alone, such as the first, does not count.
    this.pause = Math.max(FRAME, REST * Math.min(took, this.took));
    this.took = took;
  }
}
