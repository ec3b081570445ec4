/** How tabs of this page agree on one of them: the part of BroadcastChannel it takes. */
export interface Channel {
  postMessage: (message: unknown) => void;
  onmessage: ((event: { data: unknown }) => void) | null;
  close: () => void;
}

interface Claim {
  /** When the tab was last looked at (ms); 0 never. */
  at: number;
  tab: string;
}

const beats = (a: Claim, b: Claim) => a.at > b.at || (a.at === b.at && a.tab > b.tab);

const isClaim = (found: unknown): found is Claim =>
  typeof found === "object" && found !== null && "at" in found && typeof found.at === "number" && "tab" in found && typeof found.tab === "string";

/**
 * Of several open tabs one leads: the one looked at last. Each says when that was; the largest claim
 * known wins, so all tabs end with the same whatever the order of messages. Who leaves says so, and
 * the others claim again.
 */
export class Leader {
  private own: Claim;
  private best: Claim;

  constructor(
    tab: string,
    at: number,
    private readonly channel: Channel | null,
  ) {
    this.own = this.best = { at, tab };
    if (channel) channel.onmessage = ({ data }) => this.hear(data);
    this.say(this.own);
  }

  get leads(): boolean {
    return this.best.tab === this.own.tab;
  }

  /** This tab is looked at. */
  claim(at: number): void {
    this.own = { ...this.own, at };
    if (this.leads || beats(this.own, this.best)) this.best = this.own;
    this.say(this.own);
  }

  leave(): void {
    this.channel?.postMessage({ left: this.own.tab });
    this.channel?.close();
  }

  private say(claim: Claim): void {
    this.channel?.postMessage(claim);
  }

  private hear(data: unknown): void {
    if (typeof data === "object" && data !== null && "left" in data) {
      if (data.left !== this.best.tab) return;
      this.best = this.own;
      this.say(this.own);
    } else if (isClaim(data)) {
      if (data.tab === this.best.tab || beats(data, this.best)) this.best = data;
      else if (this.leads) this.say(this.own);
    }
  }
}
