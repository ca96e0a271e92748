/** Of the driver's lib/requests.js: the parts of a request that a connection uses. */
export class Request {
  /** Bytes of the body. */
  length: number;
  consistency: number;
  /** Returns the whole frame, with its stream id. */
  write(encoder: { protocolVersion: number }, streamId: number): Uint8Array;
  /** Called when the driver repeats a request with changes. */
  clone(): Request;
}
declare const exported: { Request: typeof Request };
export default exported;
