const NAMES: Record<string, { name: string; short: string; tone: string }> = {
  binanceusdm: { name: "Binance", short: "BIN", tone: "bg-binance" },
  bybit: { name: "Bybit", short: "BYB", tone: "bg-bybit" },
  okx: { name: "OKX", short: "OKX", tone: "bg-okx" },
};

const describe = (id: string) => NAMES[id] ?? { name: id, short: id.slice(0, 3).toUpperCase(), tone: "bg-ink-faint" };

export const exchangeName = (id: string) => describe(id).name;
export const exchangeShort = (id: string) => describe(id).short;
export const exchangeTone = (id: string) => describe(id).tone;
