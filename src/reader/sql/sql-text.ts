/** A name in SQL, whatever is in it. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text in SQL, whatever is in it. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A list of texts in SQL. */
export function sqlTexts(texts: readonly string[]): string {
  return `[${texts.map(sqlText).join(", ")}]`;
}

/** A name as people write it: in quotes only where it needs them. */
export function writtenName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/i.test(name) ? name : sqlName(name);
}
