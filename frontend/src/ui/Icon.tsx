const PATHS = {
  search: "M7 12.5a5.5 5.5 0 1 1 0-11 5.5 5.5 0 0 1 0 11ZM11 11l3.5 3.5",
  bell: "M4 6.5a4 4 0 1 1 8 0c0 3.4 1.5 4.5 1.5 4.5h-11S4 9.9 4 6.5ZM6.5 13.2a1.6 1.6 0 0 0 3 0",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  help: "M8 14.5a6.5 6.5 0 1 1 0-13 6.5 6.5 0 0 1 0 13ZM6.1 6.2A1.9 1.9 0 1 1 8.6 8c-.4.2-.6.5-.6.9v.3M8 11.4v.2",
  table: "M1.5 3h13v10h-13zM1.5 6.4h13M1.5 9.7h13M6 6.4V13",
  pulse: "M1 8.5h3l2-5.5 3.5 10 2-4.5H15",
  sort: "M4.5 2.5v11M4.5 13.5l-2.5-3M4.5 13.5l2.5-3M11.5 13.5v-11M11.5 2.5L9 5.5M11.5 2.5l2.5 3",
} as const;

export function Icon({ name, className = "h-4 w-4" }: { name: keyof typeof PATHS; className?: string }) {
  return (
    <svg viewBox="0 0 16 16" className={className} aria-hidden="true">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
