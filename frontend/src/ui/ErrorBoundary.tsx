import { Component, type ErrorInfo, type ReactNode } from "react";

interface Props {
  /** What stands here, for the sentence shown in its place. */
  name: string;
  children: ReactNode;
}

const BUTTON = "rounded border border-edge px-3 py-1 text-xs text-ink-strong hover:bg-raised";

/** Keeps a fault in one part of the page from taking the rest with it, and says so. */
export class ErrorBoundary extends Component<Props, { message: string | null; where: string }> {
  override state = { message: null, where: "" };

  static getDerivedStateFromError(error: unknown) {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override componentDidCatch(_error: Error, info: ErrorInfo) {
    this.setState({ where: (info.componentStack ?? "").trim().split("\n")[0] ?? "" });
  }

  override render() {
    if (this.state.message === null) return this.props.children;
    return (
      <div role="alert" className="m-3 rounded-md border border-down/40 bg-down/10 p-4 text-sm">
        <p className="font-semibold text-down">{this.props.name} cannot be shown.</p>
        <p className="mt-1 text-ink-soft">
          {this.state.message} {this.state.where}
        </p>
        <div className="mt-3 flex gap-2">
          <button type="button" className={BUTTON} onClick={() => this.setState({ message: null, where: "" })}>
            Try again
          </button>
          <button type="button" className={BUTTON} onClick={() => window.location.reload()}>
            Reload the page
          </button>
          {window.location.search !== "" && (
            // What the address asks for may be what cannot be shown.
            <a href="/" className={BUTTON}>
              Back to the start
            </a>
          )}
        </div>
      </div>
    );
  }
}
