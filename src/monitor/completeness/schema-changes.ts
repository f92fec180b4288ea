/** What has changed from one set of columns to another, by name: a text for each column. */
export function schemaChanges(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const [was, is] = [ownType(before, name), ownType(after, name)];
    if (was === undefined) return [`${JSON.stringify(name)} is new (${is})`];
    if (is === undefined) return [`${JSON.stringify(name)} is gone (${was})`];
    return kindOfType(was) === kindOfType(is) ? [] : [`${JSON.stringify(name)} is ${is} and was ${was}`];
  });
}

function ownType(columns: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(columns, name) ? columns[name] : undefined;
}

/** As far as a baseline tells types apart: JSON is text to it, and an integer has no size. */
function kindOfType(type: string): string {
  return type === "json" ? "string" : type === "int32" ? "int64" : type;
}
