import type { Problem } from "./types";

/** An answer that is not what was asked for, in words a reader can act on. */
export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    message: string,
    /** 0: there was no answer. */
    readonly status: number,
    /** So long the server wants to be left alone; 0 where it did not say. */
    readonly retryAfterMs = 0,
    /** The parameter that was refused, where the server names one. */
    readonly parameter: string | null = null,
    /** Where in an expression the first wrong character is. */
    readonly position: number | null = null,
  ) {
    super(message);
  }
}

const FALLBACK: Record<number, string> = {
  401: "The login has ended.",
  429: "The server has had too many requests.",
  502: "A proxy answers in the server's place: the server does not.",
  504: "A proxy waited for the server in vain.",
};

/** Seconds or a date, as RFC 9110 has it; 0 for neither. */
export function retryAfterMs(header: string | null, now: number): number {
  if (header === null) return 0;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : 0;
}

const sentence = (text: string) => {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
};

async function problemOf(response: Response): Promise<Partial<Problem>> {
  if (!(response.headers.get("content-type") ?? "").includes("json")) return {};
  try {
    return (await response.json()) as Partial<Problem>;
  } catch {
    // It says it is JSON and is not: the status alone has to do.
    return {};
  }
}

/** The error of an answer with a bad status: its problem document, else words of our own. */
export async function errorOf(response: Response): Promise<ApiError> {
  const { detail, title, parameter, position } = await problemOf(response);
  const plain = `The server answered ${response.status} ${response.statusText}`.trim();
  const words = detail === undefined ? (FALLBACK[response.status] ?? title ?? plain) : sentence(detail);
  const wait = retryAfterMs(response.headers.get("retry-after"), Date.now());
  const again = wait > 0 ? ` It asks for ${Math.ceil(wait / 1000)} s of rest.` : "";
  return new ApiError(words + again, response.status, wait, parameter ?? null, position ?? null);
}
