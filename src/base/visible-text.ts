/*
 * Stored text, file names and command lines may hold anything. What could drive a terminal, turn a line
 * around or hide in it is shown as an escape: control characters, format characters (directions, zero widths,
 * tags), separators of lines, halves of surrogate pairs, and whatever else Unicode says to show nothing for.
 * Variation selectors are left: they choose the shape of the visible character before them.
 */
const unsafe = /(?!\p{Variation_Selector})[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * A text as one line of what can be seen: `\n` for a line feed, `\u{1b}` for others. The same again for its
 * own result.
 */
export function visibleText(text: string): string {
  return text.replace(unsafe, (character) =>
    character === "\n" ? "\\n" : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/**
 * JSON text of the same value, in which the same characters are `\u001b` escapes. Line feeds between its
 * parts stay.
 */
export function visibleJson(json: string): string {
  return json.replace(unsafe, (character) => {
    if (character === "\n") return character;
    const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
}
