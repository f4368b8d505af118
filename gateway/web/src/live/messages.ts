/** A server-sent event as it came; `name` is empty for one without a name, `id` for one without. */
export interface Message {
  id: string;
  name: string;
  data: string;
}

/**
 * Reads server-sent events from text that comes in any pieces (HTML standard, 9.2.6).
 *
 * The parsers that others keep drop an id that comes without data; by such ids the gateway moves the
 * place of a page to which it has nothing to tell, so that the page misses nothing later. Here it
 * comes out as a message without name and data.
 */
export class Messages {
  private rest = "";
  private isFirst = true;
  private id = "";
  private name = "";
  private data: string[] = [];

  /** The messages that are whole by now. */
  *read(text: string): Generator<Message> {
    const input = this.rest + (this.isFirst ? text.replace(/^\ufeff/, "") : text);
    this.isFirst = false;
    // A carriage return at the end may be half of a line's end.
    const lines = input.split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line !== "") this.take(line);
      else if (this.id || this.data.length > 0) yield this.finished();
      else this.name = "";
    }
  }

  private take(line: string): void {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.data.push(value);
    else if (field === "event") this.name = value;
    else if (field === "id" && !value.includes("\0")) this.id = value;
  }

  private finished(): Message {
    const message = { id: this.id, name: this.name, data: this.data.join("\n") };
    this.id = this.name = "";
    this.data = [];
    return message;
  }
}
