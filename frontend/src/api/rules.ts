import { ApiError } from "./client";
import type { Problem } from "./types";

/** Keeps an alert rule on the server; its id. Throws ApiError with what the server says is wrong. */
export async function postRule(name: string, expression: string): Promise<number> {
  let response: Response;
  try {
    response = await fetch("/api/rules", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ name, expression }),
    });
  } catch {
    throw new ApiError("The server does not answer.", 0);
  }
  const body = (await response.json().catch(() => ({}))) as Problem & { id?: number };
  if (!response.ok) throw new ApiError(body.detail ?? body.title ?? `${response.status} ${response.statusText}`, response.status);
  return body.id ?? 0;
}
