import { adviceOf, Failure } from "../base/failure.ts";
import type { Emit } from "../telemetry/events.ts";
import { dateText, isValidAt } from "../tls/certificate.ts";
import { readTlsPair, type TlsPair, type TlsPaths } from "../tls/pair.ts";

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

/** The certificate that is served; it is renewed from its files. */
export class ServedCertificate {
  #pair: TlsPair;

  private constructor(pair: TlsPair) {
    this.#pair = pair;
  }

  /**
   * Reads the certificate at the start; null without TLS. An expired one is served all the same.
   * @throws {Failure} `bad-tls`
   */
  static async read(paths: TlsPaths): Promise<ServedCertificate | null> {
    return paths.tls_cert === "" ? null : new ServedCertificate(await readTlsPair(paths));
  }

  get pair(): TlsPair {
    return this.#pair;
  }

  /** Reads the files again, and has a new pair served if it is better than none. */
  async renew(
    paths: TlsPaths,
    serve: (pair: TlsPair) => Promise<void>,
    emit: Emit,
  ): Promise<void> {
    try {
      const pair = await readTlsPair(paths);
      if (pair.cert === this.#pair.cert && pair.key === this.#pair.key) return;
      refuseInvalid(paths.tls_cert, pair, this.#pair);
      await serve(pair);
      this.#pair = pair;
      const { name, notAfter } = pair.certificate;
      emit({ kind: "tls.renewed", path: paths.tls_cert, name, expires: dateText(notAfter) });
      this.warn(emit);
    } catch (error) {
      emit({ kind: "tls.refused", path: paths.tls_cert, error: adviceOf(error) });
    }
  }

  /** Warns about a certificate that expires soon or is not valid, now and each day. @returns stops it */
  watch(emit: Emit): () => void {
    this.warn(emit);
    const timer = setInterval(() => this.warn(emit), DAY_MS);
    return () => clearInterval(timer);
  }

  warn(emit: Emit, now = Date.now()): void {
    const { certificate } = this.#pair;
    const { name, notBefore, notAfter } = certificate;
    const days = Math.floor((notAfter - now) / DAY_MS);
    if (days >= SOON_DAYS && now >= notBefore) return;
    emit({
      kind: "tls.expiring",
      name,
      days,
      notBefore: dateText(notBefore),
      expires: dateText(notAfter),
    });
  }
}

/** Refuses a certificate that is not valid now while the previous one is. */
function refuseInvalid(path: string, { certificate }: TlsPair, previous: TlsPair): void {
  const now = Date.now();
  if (isValidAt(certificate, now) || !isValidAt(previous.certificate, now)) return;
  const state = now > certificate.notAfter
    ? `it expired on ${dateText(certificate.notAfter)}`
    : `it is not valid before ${dateText(certificate.notBefore)}`;
  const text = `Cannot use the TLS certificate "${path}": ${state}`;
  throw new Failure("usage", "bad-tls", text, { hint: "Check the renewal and the clock." });
}
