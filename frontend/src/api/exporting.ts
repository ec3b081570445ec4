import { ApiError } from "./client";
import type { Problem } from "./types";

/** A file of the server and the name it gives it. Throws ApiError with what the server says is wrong. */
export async function fetchExport(query: URLSearchParams): Promise<{ name: string; content: Blob }> {
  let response: Response;
  try {
    response = await fetch(`/api/export?${query.toString()}`);
  } catch {
    throw new ApiError("The server does not answer.", 0);
  }
  if (!response.ok) {
    const problem = (await response.json().catch(() => ({}))) as Problem;
    throw new ApiError(problem.detail ?? problem.title ?? `${response.status} ${response.statusText}`, response.status);
  }
  const named = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1];
  return { name: named ?? `futuresboard.${query.get("format") ?? "csv"}`, content: await response.blob() };
}
