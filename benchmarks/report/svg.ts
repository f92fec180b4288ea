import { number } from "./format.ts";

/**
 * Rivals' colours: told apart by people who see few colours, on light and dark ground (after Okabe and Ito,
 * 2008).
 */
export const otherColors: readonly string[] = [
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#b58900",
  "#8c8c8c",
  "#9467bd",
];

/**
 * A picture that brings its own ground: embedded in a page, it cannot know the page's, so it follows the
 * reader's system and stays legible on either.
 */
export function svgDocument(width: number, height: number, title: string, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">
<title>${escapeXml(title)}</title>
<style>
.ground { fill: #ffffff; stroke: #d1d9e0; }
text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #25292e; }
.title { font-size: 14px; font-weight: 600; }
.faint { fill: #59636e; }
.rule { stroke: #d1d9e0; stroke-width: 1; }
.spread { stroke: #25292e; stroke-width: 1.2; }
.own { fill: #0072b2; }
.other { fill: #8c8c8c; }
.own-line { stroke: #0072b2; }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117; stroke: #3d444d; }
text { fill: #e6edf3; }
.faint { fill: #9198a1; }
.rule { stroke: #3d444d; }
.spread { stroke: #e6edf3; }
.own { fill: #3b9ddd; }
.own-line { stroke: #3b9ddd; }
}
</style>
<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
${text(16, 24, title, { class: "title" })}
${parts.join("\n")}
</svg>
`;
}

/** How a text stands at its point. */
export interface TextStyle {
  readonly anchor?: "start" | "middle" | "end";
  readonly class?: string;
  readonly fill?: string;
}

export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { anchor = "start", class: name, fill } = style;
  const attributes = [
    `x="${short(x)}" y="${short(y)}"`,
    anchor === "start" ? "" : `text-anchor="${anchor}"`,
    name === undefined ? "" : `class="${name}"`,
    fill === undefined ? "" : `style="fill: ${fill}"`,
  ];
  return `<text ${attributes.filter(Boolean).join(" ")}>${escapeXml(content)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, name: string): string {
  return `<line class="${name}" x1="${short(x1)}" y1="${short(y1)}" x2="${short(x2)}" y2="${short(y2)}"/>`;
}

/** Pixels without needless digits: the same results give the same file. */
export function short(pixels: number): string {
  return String(Number(pixels.toFixed(1)));
}

/** Names a tick. */
export function tickText(value: number): string {
  return number(value);
}

export function escapeXml(content: string): string {
  return content
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
