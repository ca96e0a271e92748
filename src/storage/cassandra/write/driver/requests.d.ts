/** Of the driver's lib/requests.js: what a connection needs of a request. */
export class Request {
  /** Bytes of the body. */
  length: number;
  consistency: number;
  /** The whole frame; called when a stream id has been given to it. */
  write(encoder: { protocolVersion: number }, streamId: number): Uint8Array;
  /** Asked for where the driver tries again with something changed. */
  clone(): Request;
}
declare const exported: { Request: typeof Request };
export default exported;
