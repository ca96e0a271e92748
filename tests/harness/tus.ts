/** An HTTP client like a customer's own program. */
export interface Customer {
  url: string;
  user: string;
  password: string;
}

export function asCustomer(
  { url, user, password }: Customer,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Authorization", `Basic ${btoa(`${user}:${password}`)}`);
  return fetch(`${url}${path}`, { ...init, headers });
}

/** A request of tus 1.0.0. @param path a path or a URL of the server */
export function tus(customer: Customer, path: string, init: RequestInit): Promise<Response> {
  const headers = { "Tus-Resumable": "1.0.0", ...init.headers };
  return asCustomer(customer, new URL(path, customer.url).pathname, { ...init, headers });
}

/** Sends a file in one request, by tus 1.0.0 with creation-with-upload, and reads the response. */
export async function upload(
  customer: Customer,
  name: string,
  content: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const filename = new TextEncoder().encode(name).toBase64();
  const answer = await asCustomer(customer, "/v1/uploads", {
    method: "POST",
    headers: {
      "Tus-Resumable": "1.0.0",
      "Upload-Length": String(content.length),
      "Upload-Metadata": `filename ${filename}`,
      "Content-Type": "application/offset+octet-stream",
    },
    body: content,
  });
  await answer.bytes();
  return answer;
}

/** Signs in to the dashboard. @returns the session's cookie */
export async function signedIn({ url, user, password }: Customer): Promise<string> {
  const body = new URLSearchParams({ user, password });
  const response = await fetch(`${url}/sign-in`, {
    method: "POST",
    headers: { "Sec-Fetch-Site": "same-origin" },
    body,
    redirect: "manual",
  });
  await response.body?.cancel();
  return response.headers.get("Set-Cookie")?.split(";")[0] ?? "";
}
