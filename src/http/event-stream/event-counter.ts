const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const colon = 0x3a;
/** The field whose lines make an event of a block. */
const data = Buffer.from("data");
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Where the reading of a line stands: so many bytes of `data` came and nothing else, or it is that field's
 * line (`taken`), or another one that says nothing of events (`other`).
 */
type Line = number | "taken" | "other";

/**
 * Counts the events of a stream of server-sent events, however it is cut (WHATWG HTML, 9.2.5 and 9.2.6). An
 * event is a block of lines that has a `data` field, and is counted at the blank line that ends it: comments
 * and blocks without data are none, and neither is a last block that no blank line ends. Nothing of the
 * stream is kept, and its text need not be decoded: UTF-8 has the bytes of its ends of lines nowhere else.
 */
export class EventCounter {
  #line: Line = 0;
  /** No byte of the line came yet. */
  #isBlank = true;
  #hasData = false;
  #afterCarriageReturn = false;
  /** Bytes of the mark that came; undefined once the stream has begun. */
  #marked: number | undefined = 0;

  /** How many events the next bytes end. */
  add(bytes: Uint8Array): number {
    let events = 0;
    const text = this.#afterMark(bytes);
    let at = 0;
    while (at < text.length) {
      const byte = text[at] as number;
      if (byte !== lineFeed && byte !== carriageReturn) {
        at = this.#readLine(text, at);
        continue;
      }
      at += 1;
      const isSecondHalf = byte === lineFeed && this.#afterCarriageReturn;
      this.#afterCarriageReturn = byte === carriageReturn;
      if (!isSecondHalf && this.#endLine()) events += 1;
    }
    return events;
  }

  /** Reads on in a line; gives the place of its end, which may be still to come. */
  #readLine(text: Uint8Array, from: number): number {
    this.#afterCarriageReturn = false;
    this.#isBlank = false;
    let at = from;
    let byte = text[at];
    while (byte !== undefined && byte !== lineFeed && byte !== carriageReturn) {
      if (typeof this.#line === "number") this.#line = lineAfter(this.#line, byte);
      byte = text[++at];
    }
    return at;
  }

  /** True if the line ended an event. */
  #endLine(): boolean {
    const isEvent = this.#isBlank && this.#hasData;
    // A line without a colon is a field's name, its value empty.
    this.#hasData = !this.#isBlank && (this.#hasData || this.#line === "taken" || this.#line === data.length);
    this.#line = 0;
    this.#isBlank = true;
    return isEvent;
  }

  /** Without the mark that may begin a stream: one, whatever chunks it comes in. */
  #afterMark(bytes: Uint8Array): Uint8Array {
    let i = 0;
    while (this.#marked !== undefined && i < bytes.length) {
      if (bytes[i] !== byteOrderMark[this.#marked]) {
        // Half a mark is the beginning of a line that is none of data.
        if (this.#marked > 0) {
          this.#line = "other";
          this.#isBlank = false;
        }
        this.#marked = undefined;
        break;
      }
      i += 1;
      this.#marked += 1;
      if (this.#marked === byteOrderMark.length) this.#marked = undefined;
    }
    return bytes.subarray(i);
  }
}

/** What is known of a line, of which so many bytes of `data` came, after its next byte. */
function lineAfter(came: number, byte: number): Line {
  if (came === data.length) return byte === colon ? "taken" : "other";
  return byte === data[came] ? came + 1 : "other";
}
