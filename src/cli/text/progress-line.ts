import { type Clock, systemClock } from "../../base/time/clock.ts";
import { cutText } from "./text-width.ts";
import { visibleText } from "../../base/visible-text.ts";

/** Milliseconds that something takes before it is told of. */
const patienceMs = 1_000;
/** Milliseconds between two looks of the line. */
const everyMs = 100;
/** Characters of a bar, without its brackets. */
const barWidth = 20;
/** A narrower terminal has no room for a bar beside the text. */
const leastForBar = 50;

/** Where the line is shown. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * A line that says what is being done, over the last one: on a terminal only, for what takes longer than a
 * second, and at most ten times a second.
 */
export class ProgressLine {
  readonly #stream: ProgressStream;
  readonly #clock: Clock;
  readonly #started: number;
  /** What is to be shown next, and when. */
  #next: { text: string; share: number | undefined; timer: Disposable | undefined } | undefined;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #isDrawn = false;

  constructor(stream: ProgressStream, clock: Clock = systemClock) {
    this.#stream = stream;
    this.#clock = clock;
    this.#started = clock.monotonic();
  }

  /** Shows a text, with a bar if `share`, from 0 to 1, of it is done. */
  show(text: string, share?: number): void {
    if (this.#stream.isTTY !== true) return;
    const due = Math.max(this.#started + patienceMs, this.#drawnAt + everyMs) - this.#clock.monotonic();
    const timer = this.#next?.timer;
    this.#next = { text, share, timer };
    if (due <= 0) this.#draw();
    else this.#next.timer ??= this.#clock.setTimer(() => this.#draw(), due);
  }

  /** Makes room for a line of something else; the next text is shown below it. */
  clear(): void {
    if (this.#isDrawn) this.#stream.write("\r\u001b[K");
    this.#isDrawn = false;
  }

  /** Nothing is being done any more. */
  end(): void {
    this.#next?.timer?.[Symbol.dispose]();
    this.#next = undefined;
    this.clear();
  }

  #draw(): void {
    if (this.#next === undefined) return;
    const { text, share, timer } = this.#next;
    timer?.[Symbol.dispose]();
    this.#next.timer = undefined;
    this.clear();
    const width = terminalWidth(this.#stream) - 1;
    const bar = share === undefined || width < leastForBar ? "" : `${barOf(share)} `;
    this.#stream.write(cutText(bar + visibleText(text), width));
    this.#drawnAt = this.#clock.monotonic();
    this.#isDrawn = true;
  }
}

/** `[##########          ]  50%`. */
function barOf(share: number): string {
  const within = Math.min(1, Math.max(0, share));
  const done = "#".repeat(Math.floor(within * barWidth)).padEnd(barWidth);
  return `[${done}] ${String(Math.floor(within * 100)).padStart(3)}%`;
}

/** Characters in a line of a terminal; one that nobody has given a size says it has none. */
export function terminalWidth({ columns = 0 }: { readonly columns?: number | undefined }): number {
  return columns > 0 ? columns : 80;
}
