import { ApiError } from "./client";
import type { Problem } from "./types";

/** A problem with its extension members: which parameter was wrong, and where in it. */
export interface Refusal extends Problem {
  parameter?: string;
  allowed?: string;
  position?: number;
}

/** The server's refusal, in its own words. */
export class Refused extends ApiError {
  override name = "Refused";
  constructor(
    status: number,
    readonly refusal: Refusal,
  ) {
    super(refusal.detail ?? refusal.title ?? `status ${status}`, status);
  }
}

interface Call {
  method?: "GET" | "POST" | "PUT" | "DELETE" | "OPTIONS";
  body?: unknown;
  signal?: AbortSignal | undefined;
}

async function send(path: string, { method = "GET", body, signal }: Call): Promise<Response> {
  const init: RequestInit = { method, headers: { accept: "application/json" } };
  if (body !== undefined) {
    init.headers = { ...init.headers, "content-type": "application/json" };
    init.body = JSON.stringify(body);
  }
  if (signal) init.signal = signal;
  try {
    return await fetch(path, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError("The server does not answer.", 0);
  }
}

/** One call; rejects with `Refused` for an error of the server and `ApiError` when it does not answer. */
export async function call(path: string, options: Call = {}): Promise<Response> {
  const response = await send(path, options);
  if (response.ok) return response;
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  throw new Refused(response.status, isJson ? ((await response.json()) as Refusal) : { title: response.statusText });
}

export const callJson = async <T>(path: string, options?: Call): Promise<T> =>
  (await (await call(path, options)).json()) as T;

/** A query of what is given: null, undefined and "" are left out. */
export function query(values: Record<string, string | number | null | undefined>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") params.set(name, String(value));
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}
