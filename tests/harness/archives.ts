import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js/index-native.js";

type Bytes = Uint8Array<ArrayBuffer>;

/** A zip archive of these files, in this order. A name that ends in "/" is a folder. */
export async function zip(
  files: [name: string, content: string | Bytes][],
  options: { password?: string } = {},
): Promise<Bytes> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false, ...options });
  for (const [name, content] of files) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const isFolder = name.endsWith("/");
    await writer.add(name, isFolder ? undefined : new Uint8ArrayReader(bytes), {
      directory: isFolder,
    });
  }
  return await writer.close() as Bytes;
}

/**
 * Makes all entries of an archive point to the data of the first one: a small zip bomb, which no
 * program would write.
 */
export function overlapped(archive: Bytes): Bytes {
  const bytes = archive.slice();
  const view = new DataView(bytes.buffer);
  const CENTRAL = 0x0201_4b50;
  for (let at = 0; at + 46 <= bytes.length; at++) {
    if (view.getUint32(at, true) === CENTRAL) view.setUint32(at + 42, 0, true);
  }
  return bytes;
}
