import { html, type Markup } from "../markup/markup.ts";
import { boxHeight, boxWidth } from "./box.ts";
import { peakOf } from "./shares.ts";

/**
 * The marks of a histogram pair, without its frame: shares of production as an area, those of the baseline as
 * an outline over it. Groups are drawn of one width, as bins of every profile are. `isParted` leaves gaps
 * between them: categories have no order to be continuous in.
 */
export function pairMarks(
  { baseline, production }: { readonly baseline: readonly number[]; readonly production: readonly number[] },
  isParted: boolean,
): Markup {
  const peak = peakOf(baseline, production);
  return html`<path class=q d="${outline(production, peak, isParted)}"/><path class=p d="${outline(baseline, peak, isParted)}"/>`;
}

/** From the left to the right of the box along the tops of the groups; what is not empty is not flat. */
function outline(shares: readonly number[], peak: number, isParted: boolean): string {
  const gap = isParted ? Math.ceil(boxWidth / shares.length / 6) : 0;
  const steps = new Steps();
  shares.forEach((share, i) => {
    const end = Math.round(((i + 1) / shares.length) * boxWidth);
    steps.reach(end - gap, Math.round((share / peak) * boxHeight) || (share > 0 ? 1 : 0));
    steps.reach(end, 0);
  });
  return steps.path();
}

/** A line of steps, neighbours of one height being one. */
class Steps {
  #path = `M0 ${boxHeight}`;
  #at = 0;
  #drawn = 0;
  #height = 0;

  reach(end: number, height: number): void {
    if (end === this.#at) return;
    if (height !== this.#height) {
      this.#draw();
      this.#path += `V${boxHeight - height}`;
      this.#height = height;
    }
    this.#at = end;
  }

  path(): string {
    this.#draw();
    return `${this.#path}${this.#height > 0 ? `V${boxHeight}` : ""}`;
  }

  #draw(): void {
    if (this.#at > this.#drawn) this.#path += `h${this.#at - this.#drawn}`;
    this.#drawn = this.#at;
  }
}
