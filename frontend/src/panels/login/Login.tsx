import { type FormEvent, useState } from "react";

import { logIn } from "../../api/access";

/** Asks for the access token when the server wants one; the cookie it gives is the browser's. */
export default function Login({ onDone }: { onDone: () => void }) {
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      if (await logIn(token)) onDone();
      else setTrouble("That is not the token.");
    } catch {
      setTrouble("The server does not answer. Try again in a moment.");
    }
    setBusy(false);
  };
  return (
    <main className="flex h-full items-center justify-center p-4">
      <form
        onSubmit={(event) => void submit(event)}
        className="w-80 rounded-lg border border-line bg-panel p-6"
        aria-labelledby="login-title"
      >
        <h1 id="login-title" className="text-lg font-semibold text-ink-strong">futuresboard</h1>
        <p className="mt-1 text-xs leading-5 text-ink-soft">The server wants its access token (AUTH_TOKEN) first.</p>
        <label htmlFor="login-token" className="mt-4 block text-xs font-medium text-ink">Access token</label>
        <input
          id="login-token"
          type="password"
          autoComplete="current-password"
          required
          value={token}
          onChange={(event) => setToken(event.target.value)}
          aria-describedby={trouble === null ? undefined : "login-trouble"}
          className="mt-1 h-9 w-full rounded-md border border-edge bg-page px-2 text-sm text-ink-strong"
        />
        {trouble !== null && <p id="login-trouble" role="alert" className="mt-2 text-xs text-down">{trouble}</p>}
        <button
          type="submit"
          disabled={busy}
          className="mt-4 h-9 w-full rounded-md bg-accent text-sm font-semibold text-tremor-brand-inverted hover:opacity-90 disabled:opacity-60"
        >
          {busy ? "One moment…" : "Log in"}
        </button>
      </form>
    </main>
  );
}
