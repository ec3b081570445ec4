/** What the panels of the tools share. */
export const heading = "mb-1.5 mt-3 text-micro font-medium uppercase tracking-wider text-ink-faint first:mt-0";
export const button =
  "h-8 whitespace-nowrap rounded-md border border-edge px-2.5 text-xs font-medium text-ink-soft hover:bg-raised hover:text-ink-strong disabled:cursor-not-allowed disabled:opacity-60";
export const field = "h-8 min-w-0 rounded-md border border-edge bg-page px-2 py-0 text-xs text-ink-strong placeholder:text-ink-faint";
