import stringWidth from "string-width";

// How wide a character is changes with each version of Unicode, so a library knows it, and no table here.

/** Columns that a text takes in a terminal: two for a wide character, none for what goes on top of one. */
export function textWidth(text: string): number {
  return stringWidth(text);
}

/** A text in at most so many columns of a terminal, cut between characters, with an ellipsis if it is. */
export function cutText(text: string, max: number): string {
  if (text.length * 2 <= max || textWidth(text) <= max) return text;
  let cut = "";
  let width = 0;
  for (const { segment } of characters.segment(text)) {
    width += textWidth(segment);
    if (width > max - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

/** Characters as people see them: an emoji with all its parts, a letter with its accents. */
const characters = new Intl.Segmenter("en", { granularity: "grapheme" });
