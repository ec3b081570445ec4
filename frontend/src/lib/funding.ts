import type { MetricRow } from "../api/types";

/** Hours of an interval nobody has told (definitions: settlements, else the exchange, else 8). */
const USUAL_H = 8;
const YEAR_H = 365 * 24;
/** The exchanges' default rate per 8 hours, and how near a rate must be to be that. */
const DEFAULT_8H = 0.0001;
const TOLERANCE = 1e-9;

export const intervalOf = (row: MetricRow) => row.funding_interval_h ?? USUAL_H;

export const per8h = (rate: number, intervalH: number) => (rate * 8) / intervalH;

/** Simple, not compounded: what it comes to if the rate stayed for 365 days. */
export const perYear = (rate: number, intervalH: number) => (rate * YEAR_H) / intervalH;

/** The rate exchanges charge when nothing is the matter: it says nothing about a market. */
export const isDefaultRate = (rate8h: number) => Math.abs(rate8h - DEFAULT_8H) <= TOLERANCE;

/** The last settled rate of a row per 8 hours; null while it is not known. */
export const settled8h = (row: MetricRow) => (row.funding === null ? null : per8h(row.funding, intervalOf(row)));
