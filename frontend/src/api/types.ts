/** What the server says, by the names the page uses. The shapes are the API's own (`schema.ts`). */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Maybe = number | null;

/** The newest row of a pair: its newest closed bar plus what moves between closes. */
export type MetricRow = Schemas["Row"];

export type Quadrant = NonNullable<MetricRow["oi_price_quadrant"]>;

/** Columns of a row that hold one number. */
export type NumberColumn = {
  [K in keyof MetricRow]-?: Exclude<MetricRow[K], null | undefined> extends number ? K : never;
}[keyof MetricRow];

export type Alert = Schemas["Alert"];
export type AlertWithEvidence = Schemas["AlertWithEvidence"];
export type AlertKind = Alert["kind"];
export type EvidenceCell = Schemas["EvidenceCell"];
export type Outcome = Schemas["Outcome"];

export type MetricDoc = Schemas["MetricDoc"];
export type TierDoc = Schemas["TierDoc"];
export type Catalog = Schemas["Catalog"];
export type Settings = Schemas["Settings"];
export type Thresholds = Schemas["Thresholds"];
export type ThresholdChanges = Schemas["ThresholdChanges"];
export type Planner = Schemas["Planner"];
export type Rule = Schemas["Rule"];
export type NewRule = Schemas["NewRule"];
export type NotifyResult = Schemas["NotifyResult"];

export type ExchangeHealth = Schemas["ExchangeHealth"];
/** The longest time between two requests about a pair, and the share of pairs asked at each close. */
export type Refresh = ExchangeHealth["refresh"][string];

export type Health = Schemas["Health"] & {
  /** Local time (ms) at which this page was told; the server does not send it. */
  at?: number;
};
export type HealthUpdate = Schemas["HealthUpdate"];

export type WebsocketHealth = Schemas["Websocket"];
export type GapsHealth = Schemas["Gaps"];
export type CyclesHealth = Schemas["Cycles"];
export type DatabaseHealth = Schemas["Database"];
export type NotifyTarget = Schemas["NotifyTarget"];
export type CoinGeckoHealth = NonNullable<Health["coingecko"]>;

export type Correlations = Schemas["Correlation"];
/** A coin across exchanges, at the newest bar they have in common. */
export type WeightedCoin = Schemas["WeightedOi"];
/** A coin on one exchange, by its most liquid listing there. */
export type WeightedListing = Schemas["WeightedOiListing"];
/** Closed bars as columns, oldest first; `quality` holds a list per bar. */
export type History = Schemas["History"];

export type SubscribeRequest = Schemas["SubscribeRequest"];
export type SubscribeAck = Schemas["SubscribeAck"];
export type SubscribeRefusal = Schemas["SubscribeRefusal"];
export type MetricsUpdate = Schemas["MetricsUpdate"];

/** What is to be simulated: bars and settings. */
export type SimulationRequest = Schemas["Simulation"];
/** A simulation under way. */
export type SimulationJob = Schemas["Job"];
/** A simulated run whole; of its trades the first. Fractions are of the price or of the stake. */
export type Run = Schemas["Run"];
export type RunSummary = Schemas["RunSummary"];
export type RunSettings = Schemas["RunSettings"];
export type RunStatistics = Schemas["RunStatistics"];
export type SimulatedTrade = Schemas["SimulatedTrade"];

/** RFC 9457 problem. */
export type Problem = Schemas["Problem"];
