const NAMES: Record<string, { name: string; short: string; tone: string }> = {
  binanceusdm: { name: "Binance", short: "BIN", tone: "bg-amber-300" },
  bybit: { name: "Bybit", short: "BYB", tone: "bg-orange-400" },
  okx: { name: "OKX", short: "OKX", tone: "bg-cyan-300" },
};

const describe = (id: string) => NAMES[id] ?? { name: id, short: id.slice(0, 3).toUpperCase(), tone: "bg-slate-400" };

export const exchangeName = (id: string) => describe(id).name;
export const exchangeShort = (id: string) => describe(id).short;
export const exchangeTone = (id: string) => describe(id).tone;
