/** Whether the server wants a login before it says anything; the whole page shows the form then. */
let denied = false;
const listeners = new Set<() => void>();

export const isDenied = () => denied;

export function setDenied(next: boolean): void {
  if (next === denied) return;
  denied = next;
  listeners.forEach((listener) => listener());
}

export function onDenied(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Gives the token for a login cookie; false when it is not the token. Rejects without a server. */
export async function logIn(token: string): Promise<boolean> {
  const response = await fetch("/login", { method: "POST", body: new URLSearchParams({ token }) });
  if (response.status !== 401 && !response.ok) throw new Error(`The server answered ${response.status}.`);
  if (response.ok) setDenied(false);
  return response.ok;
}
