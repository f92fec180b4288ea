import { visibleText } from "../../../base/visible-text.ts";

/** What a template may be filled with: text, which is escaped; markup; lists of these; nothing. */
export type Content = string | number | Markup | undefined | false | readonly Content[];

/** Text that is HTML already. Only {@link html} makes it, and {@link joined} of what that made. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * HTML of a template whose literal parts are ours; all that is filled in is escaped, and what could not be
 * seen or would turn a line around is written out. Attributes that are filled with texts stand in quotes.
 */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  let text = parts[0] ?? "";
  contents.forEach((content, i) => {
    text += textOf(content) + (parts[i + 1] ?? "");
  });
  return new Markup(text);
}

/** The greatest length of a name or value on the page; what is longer is cut in its middle. */
const maxText = 160;

/** A name or value as the page shows it: at most 160 characters, isolated from the direction of its text. */
export function name(text: string): Markup {
  return html`<bdi>${shortened(text)}</bdi>`;
}

/** A name or value where no markup can stand: within an attribute or a drawing. Blanks stand in quotes. */
export function shortened(text: string, max: number = maxText): string {
  if (text.trim() === "") return `"${text.slice(0, max)}"`;
  if (text.length <= max) return text;
  const characters = Array.from(text);
  const end = Math.floor((max - 1) / 3);
  return `${characters.slice(0, max - 1 - end).join("")}…${characters.slice(-end).join("")}`;
}

function textOf(content: Content): string {
  if (content instanceof Markup) return content.text;
  if (content === undefined || content === false) return "";
  if (typeof content === "object") return content.map(textOf).join("");
  return escaped(String(content));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

function escaped(text: string): string {
  return visibleText(text).replace(/[&<>"'`]/g, (character) => entities[character] ?? "");
}
