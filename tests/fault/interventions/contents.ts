import { type Chance, sha256 } from "../../harness/chance.ts";

/** A file's content as its sender made it. */
export interface Content {
  /** In every record, so that a stored row shows where it comes from. */
  tag: string;
  tenant: string;
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
  sha256: string;
  /** Records that must become rows if it is loaded: a file that somebody renames may match a pattern. */
  rows: number;
  /** The reason with which it must fail; null: it must be loaded. */
  fails: string | null;
  /** Whether the sender still has it and wants it loaded. */
  isWanted: boolean;
  /** When the server said that it has it, in milliseconds of `performance.now`; null: it did not. */
  acknowledgedAt: number | null;
}

/** All contents that were ever sent: what the platform must have at the end. */
export class Contents {
  readonly all: Content[] = [];

  /**
   * Makes a new content. A few must fail.
   *
   * @param name the name of a file that gets new content, which must not fail
   */
  make(tenant: string, chance: Chance, most: number, name?: string): Content {
    const n = this.all.length;
    const tag = `${tenant}-${n}`;
    const kind = name !== undefined
      ? "good"
      : n % 12 === 5
      ? "rejects"
      : n % 12 === 11
      ? "pattern"
      : "good";
    const rows = chance.whole(20, most);
    const lines = ["a,b"];
    for (let line = 0; line < rows; line++) {
      lines.push(kind === "rejects" ? `no,${tag}` : `${line},${tag}`);
    }
    const bytes = new TextEncoder().encode(lines.join("\n") + "\n");
    const content: Content = {
      tag,
      tenant,
      name: name ?? `${tag}.${kind === "pattern" ? "jsonl" : "csv"}`,
      bytes,
      sha256: sha256(bytes),
      rows: kind === "rejects" ? 0 : rows,
      fails: kind === "rejects" ? "reject-share" : kind === "pattern" ? "no-pattern" : null,
      isWanted: true,
      acknowledgedAt: null,
    };
    this.all.push(content);
    return content;
  }

  /** The content that a sender has under a name now. */
  current(tenant: string, name: string): Content | null {
    return this.of(tenant).findLast((each) => each.name === name) ?? null;
  }

  acknowledge(tenant: string, sha256: string): void {
    const content = this.of(tenant).find((each) => each.sha256 === sha256);
    if (content) content.acknowledgedAt ??= performance.now();
  }

  /** What was acknowledged since then is gone: a backup of that time was restored. */
  forgetSince(time: number): void {
    for (const content of this.all) {
      if ((content.acknowledgedAt ?? 0) >= time) content.acknowledgedAt = null;
    }
  }

  of(tenant: string): Content[] {
    return this.all.filter((content) => content.tenant === tenant);
  }
}
