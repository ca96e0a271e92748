// The server's paths, which a proxy can serve under a prefix.

/** Returns the URL of a path of the server: this script is one of its assets. */
export function at(path) {
  return new URL(`..${path}`, import.meta.url).href;
}
