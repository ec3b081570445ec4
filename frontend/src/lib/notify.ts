import type { Choice } from "./stored";

/** Notifications of the browser while no tab of this page can be seen. */
export const NOTIFY: Choice<boolean> = {
  name: "notify",
  fallback: false,
  read: (stored) => (typeof stored === "boolean" ? stored : null),
};

/** `absent`: this browser, or a page that is not served over https or from this machine, has none. */
export type Permission = NotificationPermission | "absent";

export const permission = (): Permission => ("Notification" in window ? Notification.permission : "absent");

/** Asks the reader; only on a click, as browsers want it. */
export async function askPermission(): Promise<Permission> {
  if (!("Notification" in window)) return "absent";
  return Notification.requestPermission();
}

/** One notification; a newer one of the same `tag` takes its place. */
export function notifyReader(title: string, body: string, tag: string, onClick: () => void): void {
  if (permission() !== "granted") return;
  const options = { body, tag, icon: "/favicon.svg" };
  try {
    const shown = new Notification(title, options);
    shown.onclick = () => {
      window.focus();
      onClick();
      shown.close();
    };
  } catch {
    // Android's browsers show notifications from a service worker only.
    void navigator.serviceWorker?.ready.then((worker) => worker.showNotification(title, options));
  }
}
