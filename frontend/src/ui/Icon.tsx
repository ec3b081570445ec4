const PATHS = {
  search: "M7 12.5a5.5 5.5 0 1 1 0-11 5.5 5.5 0 0 1 0 11ZM11 11l3.5 3.5",
  bell: "M4 6.5a4 4 0 1 1 8 0c0 3.4 1.5 4.5 1.5 4.5h-11S4 9.9 4 6.5ZM6.5 13.2a1.6 1.6 0 0 0 3 0",
  muted: "M4 6.5a4 4 0 1 1 8 0c0 3.4 1.5 4.5 1.5 4.5h-11S4 9.9 4 6.5ZM2 2l12 12",
  chart: "M1.5 13.5h13M4 11V6M4 4.5V3M8 9V4M8 12v-1.5M12 11V7M12 5V3.5",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  help: "M8 14.5a6.5 6.5 0 1 1 0-13 6.5 6.5 0 0 1 0 13ZM6.1 6.2A1.9 1.9 0 1 1 8.6 8c-.4.2-.6.5-.6.9v.3M8 11.4v.2",
  table: "M1.5 3h13v10h-13zM1.5 6.4h13M1.5 9.7h13M6 6.4V13",
  pulse: "M1 8.5h3l2-5.5 3.5 10 2-4.5H15",
  markets: "M2 13.5V8M6 13.5V3M10 13.5V6M14 13.5V9.5",
  simulate: "M1.5 12.5l4-4.5 3 2.5 5.5-7M10.5 3.5H14V7M1.5 14.5h13",
  replay: "M2.2 8a5.8 5.8 0 1 0 1.9-4.3M2 1.5v3h3M6.5 5.3v5.4L11 8z",
  settings: "M2 4.5h7M13 4.5h1M2 11.5h1M7 11.5h7M11 6.5a2 2 0 1 1 0-4 2 2 0 0 1 0 4ZM5 13.5a2 2 0 1 1 0-4 2 2 0 0 1 0 4Z",
  download: "M8 2v8M8 10l-3-3M8 10l3-3M2.5 13.5h11",
  columns: "M1.5 3h13v10h-13zM5.8 3v10M10.2 3v10",
  star: "M8 1.8l1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z",
  link: "M6.5 9.5l3-3M7 4.5l1.6-1.6a2.6 2.6 0 0 1 3.7 3.7L10.7 8M9 11.5l-1.6 1.6a2.6 2.6 0 0 1-3.7-3.7L5.3 8",
  sort: "M4.5 2.5v11M4.5 13.5l-2.5-3M4.5 13.5l2.5-3M11.5 13.5v-11M11.5 2.5L9 5.5M11.5 2.5l2.5 3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, className = "h-4 w-4" }: { name: IconName; className?: string }) {
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
