/** For texts and numbers, of which the engine asks no `toJSON`. */
const { stringify } = JSON;

/**
 * The JSON text of a document of ours, letter for letter what `JSON.stringify` writes in a clean process.
 * Whoever adds a `toJSON` to `Array.prototype` or `Object.prototype`, as Prototype.js 1.6 did, changes what
 * `JSON.stringify` makes of every array; a label written so could be read by nobody. Members that are
 * undefined are left out.
 *
 * @param value texts, numbers, booleans, null, and arrays and plain objects of these.
 * @param indent spaces for each level, as with `JSON.stringify`; by default all is on one line.
 */
export function ownJson(value: unknown, indent = 0): string {
  return textOf(value, indent, indent === 0 ? "" : "\n");
}

/** @param line what begins a line at the level of `value`. */
function textOf(value: unknown, indent: number, line: string): string {
  if (typeof value !== "object" || value === null) return stringify(value) ?? "null";
  const inner = line === "" ? "" : line + " ".repeat(indent);
  let text = "";
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      text += `${text === "" ? "" : ","}${inner}${textOf(value[i], indent, inner)}`;
    }
    return text === "" ? "[]" : `[${text}${line}]`;
  }
  const names = Object.keys(value);
  const colon = line === "" ? ":" : ": ";
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (member === undefined) continue;
    text += `${text === "" ? "" : ","}${inner}${stringify(name)}${colon}${textOf(member, indent, inner)}`;
  }
  return text === "" ? "{}" : `{${text}${line}}`;
}
