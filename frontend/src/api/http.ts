import { setDenied } from "./access";
import { ApiError, errorOf } from "./errors";
import type { paths } from "./schema";

/**
 * Requests typed by the API's document: a path, its parameters and its answer belong together. What
 * openapi-fetch does beyond this (middleware, serialisers) the page does not need.
 */
type Method = "get" | "put" | "post" | "delete";
type PathWith<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: object }> ? P : never;
}[keyof paths];

type Operation<M extends Method, P extends PathWith<M>> = paths[P][M];
type JsonOf<T> = T extends { content: { "application/json": infer Body } } ? Body : undefined;
type Good<R> = R extends { 200: infer T } ? T : R extends { 201: infer T } ? T : undefined;
type Answer<O> = O extends { responses: infer R } ? JsonOf<Good<R>> : never;

/**
 * What is told by the settings at run time (timeframes, exchanges) or read from an address is any text,
 * a number too: the server judges.
 */
type Query<Q> = {
  [K in keyof Q]: K extends "tf" | "exchange" | "kind" ? string : Q[K] | (number extends Q[K] ? string : never);
};
type QueryOf<O> = O extends { parameters: { query?: infer Q } } ? Query<NonNullable<Q>> : never;
type PlaceOf<O> = O extends { parameters: { path: infer A } } ? A : never;
type BodyOf<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? B : never;

export type Init<O> = { signal?: AbortSignal } & ([QueryOf<O>] extends [never] ? object : { query?: QueryOf<O> }) &
  ([PlaceOf<O>] extends [never] ? object : { path: PlaceOf<O> }) &
  ([BodyOf<O>] extends [never] ? object : { body: BodyOf<O> });

interface Loose {
  signal?: AbortSignal;
  query?: Record<string, unknown>;
  path?: Record<string, unknown>;
  body?: unknown;
}

const written = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** The address of a request; parameters that are null, undefined or "" are left out. */
export function addressOf(path: string, { path: place = {}, query = {} }: Loose): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(written(place[name])));
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") params.set(name, written(value));
  }
  const text = params.toString();
  return text === "" ? filled : `${filled}?${text}`;
}

/** `fetch` in words of our own when there is no answer; that nobody waits any more stays what it is. */
export async function send(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError("The server does not answer.", 0);
  }
}

function initOf(method: Method, { signal, body }: Loose): RequestInit {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  return {
    method: method.toUpperCase(),
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  };
}

/** The answer as it came; one with a bad status is an `ApiError`. */
export async function ask<M extends Method, P extends PathWith<M>>(
  method: M,
  path: P,
  init: Init<Operation<M, P>>,
): Promise<Response> {
  const loose = init as Loose;
  const response = await send(addressOf(path, loose), initOf(method, loose));
  if (response.status === 401) setDenied(true);
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** The answer's JSON; undefined where there is none (204). */
export async function call<M extends Method, P extends PathWith<M>>(
  method: M,
  path: P,
  init: Init<Operation<M, P>>,
): Promise<Answer<Operation<M, P>>> {
  const response = await ask(method, path, init);
  if (response.status === 204) return undefined as Answer<Operation<M, P>>;
  return (await response.json()) as Answer<Operation<M, P>>;
}
