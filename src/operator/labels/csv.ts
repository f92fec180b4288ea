/**
 * The records of CSV (RFC 4180), a text that comes in pieces: fields are separated by commas, quoted with `"`
 * where they need it, lines end with LF or CRLF. A byte order mark at the beginning is passed over. Throws an
 * `Error` that names the line for a quote that is never closed, or stands where none can.
 */
export async function* csvRecords(
  pieces: AsyncIterable<string>,
): AsyncGenerator<readonly string[], void, undefined> {
  let record: string[] = [];
  let field = "";
  /** `closed`: behind the quote that may end the field, or be half of one in it. */
  let state: "plain" | "quoted" | "closed" = "plain";
  let isEmpty = true;
  let line = 1;
  let quoteLine = 1;
  let isFirst = true;
  for await (const piece of pieces) {
    for (const character of isFirst ? piece.replace(/^\ufeff/, "") : piece) {
      if (character === "\n") line++;
      if (state === "quoted") {
        if (character === '"') state = "closed";
        else field += character;
        continue;
      }
      if (character === '"') {
        if (state === "closed") field += '"';
        else if (field !== "")
          throw new Error(`line ${line}: a quote in a field that does not begin with one`);
        state = "quoted";
        quoteLine = line;
        isEmpty = false;
      } else if (character === ",") {
        record.push(field);
        field = "";
        state = "plain";
        isEmpty = false;
      } else if (character === "\n") {
        if (!isEmpty) yield [...record, field];
        record = [];
        field = "";
        state = "plain";
        isEmpty = true;
      } else if (character !== "\r") {
        if (state === "closed")
          throw new Error(`line ${line}: something stands between a quote and the next comma`);
        field += character;
        isEmpty = false;
      }
    }
    isFirst = false;
  }
  if (state === "quoted") throw new Error(`line ${quoteLine}: a quote is not closed`);
  if (!isEmpty) yield [...record, field];
}
