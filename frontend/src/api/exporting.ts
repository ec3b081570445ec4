import { errorOf } from "./errors";
import { send } from "./http";

/** A file of the server and the name it gives it. Throws ApiError with what the server says is wrong. */
export async function fetchExport(query: URLSearchParams): Promise<{ name: string; content: Blob }> {
  const response = await send(`/api/export?${query.toString()}`, {});
  if (!response.ok) throw await errorOf(response);
  const named = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1];
  return { name: named ?? `futuresboard.${query.get("format") ?? "csv"}`, content: await response.blob() };
}
