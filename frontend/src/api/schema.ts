/**
 * Made from openapi.json by `npm run types`: change the API, not this file.
 */

export interface paths {
    "/api/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The newest row of every pair: its newest closed bar, and what moves between closes
         * @description The newest row of every pair: its newest closed bar, and what moves between closes. `Content-Range` tells which rows of how many these are (the total before `limit`). Unknown values are null and sort last in either direction; ties stand in order of exchange and symbol.
         */
        get: operations["newest_rows"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Closed bars of one pair, oldest first, one array a column, one entry a time slot
         * @description Closed bars of one pair, oldest first, one array a column, one entry a time slot. With `start` the first `limit` bars from it, else the newest `limit` up to `end`. A slot without a bar holds nulls and the mark `gap`. Values are the revised ones. Overlays add arrays: `obv` (from the first bar of the answer), `macd`, `macd_signal`, `macd_hist` (12, 26, 9), `bollinger_middle`, `bollinger_upper`, `bollinger_lower` (20, 2), `atr` (14); null at unknown bars and while they warm up, anew after each gap.
         */
        get: operations["closed_bars"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Alerts, newest first; `Content-Range` tells which of how many these are
         * @description Alerts, newest first; `Content-Range` tells which of how many these are.
         */
        get: operations["alert_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/alerts/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One alert with the exact inputs, window and thresholds that fired it, and its evidence
         * @description One alert with the exact inputs, window and thresholds that fired it, and its evidence. The evidence is what alerts of its kind and timeframe were worth so far, long and short, by the number of bars held: see `/api/evidence`.
         */
        get: operations["one_alert"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/alerts/{number}/outcomes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the simulated trades of one alert came to, each once its last bar is final
         * @description What the simulated trades of one alert came to, each once its last bar is final. These are the rows of the ledger: they are written once and never changed. A trade without a price is no trade: its `net` and `hit` are null.
         */
        get: operations["alert_outcomes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/evidence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What alerts were worth: every kind, timeframe, direction and horizon, live and historical
         * @description What alerts were worth: every kind, timeframe, direction and horizon, live and historical. An alert is judged by a simulated trade: in at the open of the next bar, out at the close of the last bar held, 0.05 % fee and 0.01 % slippage a side, funding paid. The base rate is the share of all bars of the same pairs at which that trade would have won. `edge` takes an uplift above zero, q below 5 % and an uplift still above zero one bar late; below 30 events it is `too few`. Empty until the first outcomes are judged.
         */
        get: operations["evidence_table"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/planner": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How many alerts a day a tier's threshold would have started, and what they were worth
         * @description How many alerts a day a tier's threshold would have started, and what they were worth. The whole lifecycle (edge, cooldown) is replayed on the stored closed bars of all pairs that are recorded now; every other threshold is the one in force. `worth` judges each direction and horizon by the same trade as an alert's evidence. A threshold picked because its past looks good is a choice among many: judge it by what comes after.
         */
        get: operations["planned_alerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The user's alert rules, oldest first
         * @description The user's alert rules, oldest first.
         */
        get: operations["rule_list"];
        put?: never;
        /**
         * Add an alert rule: a name and an expression over the columns of a closed bar
         * @description Add an alert rule: a name and an expression over the columns of a closed bar. It starts alerts of kind `rule` from the next finalised bar on, with the edge, cooldown and care of a tier. A wrong expression is refused with `position`, the offset of the first character that is wrong, what came there and what is allowed. How expressions are written is in the catalog of `/api/settings`.
         */
        post: operations["add_rule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/rules/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One alert rule
         * @description One alert rule.
         */
        get: operations["one_rule"];
        put?: never;
        post?: never;
        /**
         * Delete an alert rule: it starts no more alerts; those it started stay
         * @description Delete an alert rule: it starts no more alerts; those it started stay.
         */
        delete: operations["delete_rule"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/simulate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Simulate trades over the stored bars of the pairs, those recorded no longer included
         * @description Simulate trades over the stored bars of the pairs, those recorded no longer included. A signal at the close of a bar enters at the OPEN of the next one. What is quick is answered with the run; else 202 with a job to ask after at `Location`, until it is answered with the run. The same settings on the same bars by the same version are the same run, byte for byte. Final values are simulated on; what a live alert knew at its bar is in the alert. Every configuration that is tried is counted, and deflates what is tried on the same time afterwards.
         */
        post: operations["simulate_trades"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/simulate/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How far a simulation is (202), or its run (200)
         * @description How far a simulation is (202), or its run (200).
         */
        get: operations["simulation"];
        put?: never;
        post?: never;
        /**
         * Stop a simulation that is wanted no longer; a run that is done stays
         * @description Stop a simulation that is wanted no longer; a run that is done stays.
         */
        delete: operations["cancel_simulation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Simulated runs, newest first; `Content-Range` says how many there are
         * @description Simulated runs, newest first; `Content-Range` says how many there are.
         */
        get: operations["run_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/runs/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One run with its statistics, curve and first trades
         * @description One run with its statistics, curve and first trades.
         */
        get: operations["run"];
        put?: never;
        post?: never;
        /**
         * Keep a run no longer
         * @description Keep a run no longer. That its settings were tried is not forgotten.
         */
        delete: operations["delete_run"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/runs/{name}/trades": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every trade of a run as a file
         * @description Every trade of a run as a file.
         */
        get: operations["run_trades"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/runs/{name}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One run as a page that needs nothing else: to keep, to print, to send
         * @description One run as a page that needs nothing else: to keep, to print, to send.
         */
        get: operations["run_report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/corr": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Pearson's r of the closes, coin by coin
         * @description Pearson's r of the closes, coin by coin. A coin is its most liquid listing. The order shows clusters; `flagged` are the pairs of indices with |r| > 0.6, `oi_price` is r of open interest (base coin) against the close of the same listing. Null where less than 90 % is known on both sides, or one stands still. On levels even independent walks seem to move together: prefer changes. `lead_lag` names who moves first, always on changes, where that is beyond chance in the whole table and lopsided; `rolling` adds r over time, by the most traded coin and over all pairs.
         */
        get: operations["correlations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Step through recorded bars, close by close, computed anew by what live bars go through
         * @description Step through recorded bars, close by close, computed anew by what live bars go through. A frame is one bar close: the rows of its bar as they stood before the next one, the alerts that began and the earlier bars that changed meanwhile. With `as=seen` bars come when they came, with the values they came with; where nobody recorded at that time the rows are empty. With `as=revised` each bar has its final values at its close; at most 576 frames. A page holds at most 7,200 rows (or one frame); its `cursor` begins the next one, with the same parameters (`start` and `end` may be left out). A cursor is good for as long as the database is: what is recorded later does not change the pages after it.
         */
        get: operations["replay"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a filter shows, as a CSV or Parquet file: newest rows, one pair's closed bars, or alerts
         * @description What a filter shows, as a CSV or Parquet file: newest rows, one pair's closed bars, or alerts. The filters are those of `/api/metrics`, `/api/history` and `/api/alerts` (the kind of an alert is asked for by `alert_kind`), without `limit` and `offset`: a file has all rows. History begins with the first stored bar unless `start` is given. Lines of overlays may be named in `columns` too. In CSV unknown is an empty cell, a list has a space between its items, an object is JSON, floats are written so that they read back as they were, and a text that a spreadsheet would run as a formula begins with an apostrophe. In Parquet unknown is null, lists are lists, objects JSON.
         */
        get: operations["export_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/weighted-oi": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Open interest of each coin across exchanges, coin by coin
         * @description Open interest of each coin across exchanges, coin by coin. `weighted_oi` is Σ(OI·volume) / Σ volume in USD: a mean that jumps when the volumes' shares move. `global_oi_change_pct` is the change of one bar, weighted by the volume of the 24 bars before; `divergence` is how far each exchange's own change departs from it, in sigmas of its last 20 bars. On an exchange a coin is its most liquid listing. All of the newest bar that every exchange has, unless one is more than two bars late.
         */
        get: operations["open_interest_across_exchanges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What runs: mode, timeframes, exchanges, thresholds in force, and the catalog
         * @description What runs: mode, timeframes, exchanges, thresholds in force, and the catalog.
         */
        get: operations["settings"];
        /**
         * Change thresholds; they are kept in the database and win over the environment
         * @description Change thresholds; they are kept in the database and win over the environment. Send those to change; null puts one back to what the environment says. Answers with the settings then in force.
         */
        put: operations["change_settings"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notify/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a test to every notification target (or one), and tell of each whether it was taken
         * @description Send a test to every notification target (or one), and tell of each whether it was taken.
         */
        post: operations["test_notification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How the recording goes, exchange by exchange; 503 when it is down
         * @description How the recording goes, exchange by exchange; 503 when it is down. Without the token (when one is set) the status word alone.
         */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the process answers at all
         * @description Whether the process answers at all.
         */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether there is something to show: 503 while starting and when down
         * @description Whether there is something to show: 503 while starting and when down.
         */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The health document in Prometheus' text format; takes `METRICS_TOKEN` too
         * @description The health document in Prometheus' text format; takes `METRICS_TOKEN` too.
         */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * This document
         * @description This document.
         */
        get: operations["openapi_document"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A page for this document
         * @description A page for this document.
         */
        get: operations["documentation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Alert: {
            id: number;
            /** @description the transaction that stored it */
            seq: number;
            exchange: string;
            symbol: string;
            base: string;
            timeframe: string;
            /** @description open time of the bar it fired at, ms UTC */
            ts: number;
            /** @enum {string} */
            kind: "tier" | "confluence" | "rule";
            tier: number | null;
            /** @description 0 is the severest */
            severity: number;
            /** @enum {string|null} */
            direction: "long" | "short" | null;
            /** @description a sentence for people */
            text: string;
            /** @description the row's metrics at the bar */
            values: {
                [key: string]: number | null;
            };
            /** @description the raw inputs the rule read, oldest first */
            window: {
                [key: string]: (number | null)[];
            };
            thresholds: {
                [key: string]: number;
            };
            code_version: string;
            settings_hash: string;
            created_ts: number;
            /** @description the user's rule it came from */
            rule: components["schemas"]["AlertRule"] | null;
            /** @description in calibrated mode alone */
            calibration: components["schemas"]["Calibration"] | null;
            /** @description settings, code and data: equal permalinks are equal alerts, on any machine */
            permalink: string;
        };
        AlertRule: {
            id: number;
            name: string;
            expression: string;
            normal: string;
            created_ts: number;
        };
        AlertWithEvidence: {
            id: number;
            /** @description the transaction that stored it */
            seq: number;
            exchange: string;
            symbol: string;
            base: string;
            timeframe: string;
            /** @description open time of the bar it fired at, ms UTC */
            ts: number;
            /** @enum {string} */
            kind: "tier" | "confluence" | "rule";
            tier: number | null;
            /** @description 0 is the severest */
            severity: number;
            /** @enum {string|null} */
            direction: "long" | "short" | null;
            /** @description a sentence for people */
            text: string;
            /** @description the row's metrics at the bar */
            values: {
                [key: string]: number | null;
            };
            /** @description the raw inputs the rule read, oldest first */
            window: {
                [key: string]: (number | null)[];
            };
            thresholds: {
                [key: string]: number;
            };
            code_version: string;
            settings_hash: string;
            created_ts: number;
            /** @description the user's rule it came from */
            rule: components["schemas"]["AlertRule"] | null;
            /** @description in calibrated mode alone */
            calibration: components["schemas"]["Calibration"] | null;
            /** @description settings, code and data: equal permalinks are equal alerts, on any machine */
            permalink: string;
            evidence: components["schemas"]["EvidenceCell"][];
        };
        Calibration: {
            /** @description 00:00 UTC of the day it was made for, ms */
            day: number;
            made_ts: number;
            /** @description alerts a day */
            budget: number;
            statistic: string | null;
            /** @description the pair's own */
            threshold: number | null;
            p_value: number | null;
            discovery: boolean;
        };
        Catalog: {
            metrics: components["schemas"]["MetricDoc"][];
            /** @description columns of a newest row, in order */
            columns: string[];
            tiers: components["schemas"]["TierDoc"][];
            rules: components["schemas"]["Grammar"];
            filters: components["schemas"]["Grammar"];
            /** @description exchange -> column -> why it has none */
            unpublished: {
                [key: string]: {
                    [key: string]: string;
                };
            };
        };
        Correlation: {
            symbols: string[];
            exchanges: string[];
            /** @description the bar that ends the window */
            ts: number | null;
            r: (number | null)[][];
            /** @description pairs of indices */
            flagged: number[][];
            oi_price: {
                [key: string]: number | null;
            };
            /** @description when `lead_lag` is asked for; the largest |r| first */
            lead_lag?: components["schemas"]["Lead"][];
            rolling?: components["schemas"]["RollingCorrelation"];
        };
        Cycles: {
            /** @description the last so many cycles at most are counted */
            window: number;
            /** @description upper edges of the buckets, seconds, inclusive */
            edges_s: number[];
            /** @description cycles by bucket; the last one is beyond the last edge */
            counts: number[];
            p50_s: number | null;
            p99_s: number | null;
        };
        Database: {
            /** @description of the file, without its write-ahead log */
            size_bytes: number;
            wal_bytes: number;
            schema: number;
            /** @description number of the newest transaction */
            seq: number;
            /** @description that are recorded now */
            pairs: number;
            /** @description of pairs that are or were recorded, by timeframe */
            series: number;
            /** @description that its series span, from the first to the last */
            bars: number;
            /** @description open time of the oldest bar, ms UTC */
            oldest_ts: number | null;
            /** @description open time of the newest closed bar, ms UTC */
            newest_ts: number | null;
        };
        EvidenceCell: {
            timeframe: string;
            /**
             * @description alerts raised live, or those that stored history would have raised
             * @enum {string}
             */
            source: "live" | "historical";
            /** @enum {string} */
            kind: "tier" | "confluence" | "rule";
            /** @description the tier, or the number of the user's rule */
            tier: number | null;
            /** @enum {string} */
            direction: "long" | "short";
            /** @description bars held */
            horizon: number;
            /** @description alerts whose trade has ended */
            n: number;
            /** @description events: alerts within one horizon count once */
            clusters: number;
            /** @description share of trades with a net above zero */
            hit_rate: number | null;
            /** @description of the hit rate, 95 % by cluster bootstrap */
            low: number | null;
            high: number | null;
            /** @description the same as if alerts were independent */
            wilson_low: number | null;
            wilson_high: number | null;
            /** @description share of all bars of the same pairs that won */
            base_rate: number | null;
            base_bars: number;
            /** @description hit rate less base rate */
            uplift: number | null;
            /** @description the uplift when entered one bar later */
            late: number | null;
            /** @description mean net return of a trade, a fraction */
            expectancy: number | null;
            /** @description two-sided, by cluster; null with too few */
            p: number | null;
            /** @description p after Benjamini-Hochberg over the timeframe's cells */
            q: number | null;
            /** @enum {string} */
            verdict: "edge" | "no measurable edge" | "too few";
            /** @description the verdict as a sentence with its figures */
            words: string;
        };
        ExchangeHealth: {
            /** @enum {string} */
            state: "starting" | "ok" | "degraded" | "down" | "blocked" | "banned";
            pairs: number;
            /** @description requests a second */
            request_rate: number;
            /** @description share of the fullest budget in use */
            budget_used: number;
            budgets: {
                [key: string]: number;
            };
            requests: number;
            /** @description failed requests since start */
            errors: number;
            error_rate: number;
            reconnects: number;
            in_flight: number;
            peak_in_flight: number;
            latency_p50_s: number | null;
            latency_p95_s: number | null;
            /** @description its clock minus this machine's */
            clock_skew_ms: number | null;
            /** @description age of the newest closed bar of the pair that is furthest behind */
            oldest_s: number | null;
            /** @enum {string} */
            source: "websocket" | "rest" | "mixed";
            websockets: components["schemas"]["Websocket"][];
            /** @description what the stamps of its rows mean, by kind */
            stamps: {
                [key: string]: string;
            };
            /** @description how often each series is asked for */
            refresh: {
                [key: string]: {
                    every_s: number;
                    share: number;
                };
            };
            banned_for_s: number | null;
            breaker: {
                /** @enum {string} */
                state: "closed" | "open" | "half-open";
                reason: string | null;
                next_probe_s: number | null;
            };
            /** @description budgets it has closed for a while: seconds left */
            throttled: {
                [key: string]: number;
            };
            /** @description pairs whose newest bar lacks a refused number, by mark */
            guarded: {
                [key: string]: number;
            };
            gaps: components["schemas"]["Gaps"];
            last_error: string | null;
        };
        ExpressionColumn: {
            name: string;
            /** @enum {string} */
            kind: "number" | "text" | "condition" | "tier";
            unit: string;
            /** @description the only texts it can have (empty: any) */
            values: string[];
        };
        Gaps: {
            /** @description closed bars that were not there at the end of the last look, and that the exchange may have */
            missing: number | null;
            /** @description those, and the bars of which a value is unknown or stood in for */
            open: number | null;
            /** @description pairs they are of */
            pairs: number | null;
            /** @description a look is under way */
            healing: boolean;
            /** @description bars stored by looks since start that were not there */
            healed: number;
            /** @description rows looked for twice since start that the exchange does not have */
            given_up: number;
            /** @description end of the last look, exchange time, ms UTC */
            looked_ts: number | null;
        };
        Grammar: {
            columns: components["schemas"]["ExpressionColumn"][];
            /** @description short name -> column */
            aliases: {
                [key: string]: string;
            };
            comparisons: string[];
            arithmetic: string[];
            words: string[];
            functions: string[];
            /** @description what stands behind a number -> what it is multiplied by */
            suffixes: {
                [key: string]: number;
            };
            limits: {
                characters: number;
                parts: number;
                levels: number;
            };
            example: string;
        };
        Health: {
            /** @enum {string} */
            status: "starting" | "ok" | "degraded" | "down";
            version?: string;
            uptime_s?: number;
            /** @description share of the start-up history requests that are done */
            warm?: number;
            last_cycle?: components["schemas"]["LastCycle"] | null;
            cycles?: components["schemas"]["Cycles"];
            closed_bar_lag_s?: {
                p50: number | null;
                p99: number | null;
            };
            exchanges?: {
                [key: string]: components["schemas"]["ExchangeHealth"];
            };
            database?: components["schemas"]["Database"];
            notify?: {
                /** @enum {string} */
                state: "off" | "ok" | "failing";
                quiet_until?: number | null;
                targets?: {
                    [key: string]: components["schemas"]["NotifyTarget"];
                };
            };
            coingecko?: {
                /** @enum {string} */
                state: "off" | "starting" | "ok" | "unreachable";
                as_of?: number | null;
                age_s?: number | null;
                matched?: number;
                detail?: string | null;
            };
            /** @description why the scraper ended */
            failure?: string | null;
            /**
             * @description where no scraper ever wrote to this database
             * @enum {string}
             */
            scraper?: "none";
            /** @description age of all this, where the scraper is another process */
            kept_s_ago?: number;
            /** @description why it is down, where nothing else can be told */
            detail?: string;
        };
        HealthUpdate: {
            /** @enum {string} */
            status: "starting" | "ok" | "degraded" | "down";
            exchanges: {
                [key: string]: components["schemas"]["ExchangeHealth"];
            };
        };
        History: {
            ts: number[];
            open: (number | null)[];
            high: (number | null)[];
            low: (number | null)[];
            close: (number | null)[];
            volume: (number | null)[];
            quote_volume: (number | null)[];
            taker_buy: (number | null)[];
            taker_sell: (number | null)[];
            imbalance: (number | null)[];
            cvd: (number | null)[];
            oi_contracts: (number | null)[];
            oi_abs_usd: (number | null)[];
            oi_delta_pct: (number | null)[];
            global_ls: (number | null)[];
            top_ls: (number | null)[];
            ls_delta_pct: (number | null)[];
            funding: (number | null)[];
            funding_interval_h: (number | null)[];
            rsi: (number | null)[];
            z_score: (number | null)[];
            z_raw: (number | null)[];
            confluence: (number | null)[];
            tiers: number[][];
            tier: (number | null)[];
            unknown_tiers: number[][];
            quality: string[][];
            guarded: {
                [key: string]: unknown;
            }[];
            source: ("websocket" | "rest" | "mixed" | null)[];
            obv?: (number | null)[];
            macd?: (number | null)[];
            macd_signal?: (number | null)[];
            macd_hist?: (number | null)[];
            bollinger_middle?: (number | null)[];
            bollinger_upper?: (number | null)[];
            bollinger_lower?: (number | null)[];
            atr?: (number | null)[];
        };
        Job: {
            id: string;
            /** @enum {string} */
            state: "queued" | "running" | "failed" | "cancelled";
            /** @description 0 to 1 */
            progress: number;
            /** @description why it failed */
            error: string | null;
        };
        LastCycle: {
            id: number;
            /** @description exchange time, ms UTC */
            started: number;
            duration_s: number;
            rows: number;
            errors: number;
            /** @description it fetched closed bars */
            bar_close: boolean;
        };
        Lead: {
            /** @description index of the coin that moves first */
            leader: number;
            follower: number;
            bars: number;
            r: number;
            /** @description what |r| exceeds by chance in 5 % of such tables of pairs and lags */
            threshold: number;
        };
        MetricDoc: {
            name: string;
            unit: string;
            /** @description raw columns it is made of */
            needs: string[];
            warmup_bars: number;
            stored: boolean;
            doc: string;
        };
        MetricsUpdate: {
            tf: string;
            /** @description the transaction it tells of */
            seq: number;
            /** @description exchange time, ms UTC */
            ts: number;
            /** @description those that changed */
            rows: components["schemas"]["Row"][];
        };
        NewRule: {
            name: string;
            /** @example z > 2 and funding < 0 and oi > 50M */
            expression: string;
        };
        NotifyResult: {
            /** @description its name, never its address */
            target: string;
            ok: boolean;
            /** @description why it was not taken */
            reason: string | null;
            took_s?: number;
        };
        NotifyTarget: {
            /** @enum {string} */
            state: "ok" | "failing";
            sent: number;
            messages: number;
            waiting: number;
            failed: number;
            given_up: number;
            last_sent_ts: number | null;
            last_error: string | null;
        };
        Outcome: {
            /** @enum {string} */
            direction: "long" | "short";
            /** @description bars held */
            horizon: number;
            /** @description entered one bar later */
            late: boolean;
            /** @description return after fees, slippage and funding, a fraction */
            net: number | null;
            /** @description return before them */
            gross: number | null;
            hit: boolean | null;
            /** @description open of the first bar held */
            entry: number | null;
            /** @description close of the last bar held */
            exit: number | null;
            /** @description what a long paid between, a fraction */
            funding: number | null;
            /** @description close of the last bar held, ms UTC */
            matured_ts: number;
        };
        Planner: {
            tier: number;
            /**
             * @description the setting whose value is tried
             * @enum {string}
             */
            setting: "Z_THRESHOLD" | "OI_DELTA_THRESHOLD" | "FUNDING_THRESHOLD" | "DIVERGENCE_SIGMA";
            threshold: number;
            tf: string;
            days: number;
            /** @description first bar's open time, ms UTC */
            start: number | null;
            /** @description last bar's open time, ms UTC */
            end: number | null;
            /** @description pairs that knew the tier's flag */
            series: number;
            /** @description how long they knew it, on average */
            days_known: number;
            flags_per_day: number | null;
            alerts: number;
            alerts_per_day: number | null;
            /** @description alerts by 00:00 UTC of the day, ms */
            by_day: {
                [key: string]: number;
            };
            worth: components["schemas"]["PlannerWorth"][];
        };
        PlannerWorth: {
            /** @enum {string} */
            direction: "long" | "short";
            /** @description bars the trade is held */
            horizon: number;
            /** @description alerts whose trade has ended */
            n: number;
            /** @description events: alerts within one horizon count once */
            clusters: number;
            /** @description share of trades with a net above zero */
            hit_rate: number | null;
            /** @description of the hit rate, 95 % by cluster bootstrap */
            low: number | null;
            high: number | null;
            /** @description the same as if alerts were independent */
            wilson_low: number | null;
            wilson_high: number | null;
            /** @description share of all bars of the same pairs that won */
            base_rate: number | null;
            base_bars: number;
            /** @description hit rate less base rate */
            uplift: number | null;
            /** @description the uplift when entered one bar later */
            late: number | null;
            /** @description mean net return of a trade, a fraction */
            expectancy: number | null;
            /** @description two-sided, by cluster; null with too few */
            p: number | null;
            /** @description p after Benjamini-Hochberg over the timeframe's cells */
            q: number | null;
            /** @enum {string} */
            verdict: "edge" | "no measurable edge" | "too few";
            /** @description the verdict as a sentence with its figures */
            words: string;
        };
        Probe: {
            /** @enum {string} */
            status: "live" | "starting" | "ok" | "degraded" | "down";
        };
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            /** @description of a 400: what is wrong */
            parameter?: string;
            /** @description of a 400: what came */
            came?: unknown;
            /** @description of a 400: what is allowed, in words */
            allowed?: string;
            /** @description offset of an expression's first wrong character */
            position?: number;
        };
        Replay: {
            tf: string;
            /** @enum {string} */
            as: "seen" | "revised";
            /** @description the first frame, ms UTC; null without any bars */
            start: number | null;
            /** @description the last frame */
            end: number | null;
            /** @description the oldest bar of the timeframe; null without any */
            recorded_first: number | null;
            /** @description the newest one */
            recorded_last: number | null;
            /** @description the transaction up to which the recording is read */
            version: number;
            frames: components["schemas"]["ReplayFrame"][];
            /** @description where the next page begins; null at the end */
            cursor: string | null;
        };
        ReplayAlert: {
            /** @description the recorded alert's; null where none was */
            id: number | null;
            /** @description the transaction that stored it */
            seq: number;
            exchange: string;
            symbol: string;
            base: string;
            timeframe: string;
            /** @description open time of the bar it fired at, ms UTC */
            ts: number;
            /** @enum {string} */
            kind: "tier" | "confluence" | "rule";
            tier: number | null;
            /** @description 0 is the severest */
            severity: number;
            /** @enum {string|null} */
            direction: "long" | "short" | null;
            /** @description a sentence for people */
            text: string;
            /** @description the row's metrics at the bar */
            values: {
                [key: string]: number | null;
            };
            /** @description the raw inputs the rule read, oldest first */
            window: {
                [key: string]: (number | null)[];
            };
            thresholds: {
                [key: string]: number;
            };
            code_version: string;
            settings_hash: string;
            created_ts: number;
            /** @description the user's rule it came from */
            rule: components["schemas"]["AlertRule"] | null;
            /** @description in calibrated mode alone */
            calibration: components["schemas"]["Calibration"] | null;
        };
        ReplayFrame: {
            /** @description the bar's open time, ms UTC */
            ts: number;
            /** @description one array a column, one entry a pair that had the bar by the frame's end */
            rows: {
                exchange: string[];
                symbol: string[];
                base: string[];
                open: (number | null)[];
                high: (number | null)[];
                low: (number | null)[];
                close: (number | null)[];
                volume: (number | null)[];
                quote_volume: (number | null)[];
                taker_buy: (number | null)[];
                taker_sell: (number | null)[];
                imbalance: (number | null)[];
                cvd: (number | null)[];
                oi_contracts: (number | null)[];
                oi_abs_usd: (number | null)[];
                oi_delta_pct: (number | null)[];
                global_ls: (number | null)[];
                top_ls: (number | null)[];
                ls_delta_pct: (number | null)[];
                funding: (number | null)[];
                funding_interval_h: (number | null)[];
                rsi: (number | null)[];
                z_score: (number | null)[];
                z_raw: (number | null)[];
                confluence: (number | null)[];
                tiers: number[][];
                tier: (number | null)[];
                unknown_tiers: number[][];
                quality: string[][];
                guarded: {
                    [key: string]: unknown;
                }[];
                source: ("websocket" | "rest" | "mixed")[];
            };
            /** @description those that began */
            alerts: components["schemas"]["ReplayAlert"][];
            /** @description pairs whose earlier bars became known or other */
            revised: {
                exchange: string;
                symbol: string;
                /** @description the oldest bar's open time, ms UTC */
                first: number;
                /** @description the newest one's */
                last: number;
                bars: number;
            }[];
        };
        RollingCorrelation: {
            /** @description length of the rolling window */
            bars: number;
            /** @description the most traded of the coins */
            against: string;
            /** @description bars that end a rolling window, every so many */
            ts: number[];
            /** @description mean r over all pairs of coins */
            together: (number | null)[];
            /** @description of each other coin with `against` */
            r: {
                [key: string]: (number | null)[];
            };
            /** @description of open interest with the close */
            oi_price: {
                [key: string]: (number | null)[];
            };
        };
        Row: {
            /** @description ccxt id */
            exchange: string;
            /** @description ccxt's unified name: BTC/USDT:USDT */
            symbol: string;
            /** @description the coin: BTC */
            base: string;
            timeframe: string;
            /** @description open time of the closed bar, ms UTC */
            ts: number;
            open: number | null;
            high: number | null;
            low: number | null;
            close: number | null;
            volume: number | null;
            quote_volume: number | null;
            taker_buy: number | null;
            taker_sell: number | null;
            imbalance: number | null;
            cvd: number | null;
            oi_contracts: number | null;
            oi_abs_usd: number | null;
            oi_delta_pct: number | null;
            global_ls: number | null;
            top_ls: number | null;
            ls_delta_pct: number | null;
            funding: number | null;
            funding_interval_h: number | null;
            rsi: number | null;
            z_score: number | null;
            z_raw: number | null;
            confluence: number | null;
            /** @description tiers that are true, ascending */
            tiers: number[];
            /** @description the severest of them */
            tier: number | null;
            /** @description tiers of which an input is unknown, ascending */
            unknown_tiers: number[];
            /** @description marks of the data; empty when all is well */
            quality: string[];
            /** @description raw values that failed a guard, by column */
            guarded: {
                [key: string]: unknown;
            };
            /**
             * @description whence the candle came
             * @enum {string}
             */
            source: "websocket" | "rest" | "mixed";
            live_price: number | null;
            live_ts: number | null;
            live_oi_abs_usd: number | null;
            price_change_24h_pct: number | null;
            volume_24h_usd: number | null;
            oi_change_1h_pct: number | null;
            oi_change_4h_pct: number | null;
            oi_change_24h_pct: number | null;
            /** @enum {string|null} */
            oi_price_quadrant: "new longs" | "short covering" | "new shorts" | "long liquidation" | null;
            funding_next: number | null;
            funding_next_ts: number | null;
            market_cap_usd: number | null;
            /**
             * @description whence the live values came
             * @enum {string|null}
             */
            live_source: "websocket" | "rest" | null;
            listed_ts: number | null;
            oi_mcap_pct: number | null;
            /** @description seconds since the newest of the row was seen */
            age_s: number;
        };
        Rule: {
            id: number;
            name: string;
            /** @description as it was typed */
            expression: string;
            /** @description full names and plain numbers */
            normal: string;
            /** @description the columns it names */
            columns: string[];
            created_ts: number;
            /** @description why it is not judged by any more */
            problem: string | null;
        };
        Run: {
            /** @description settings, code and data: equal ids are equal results */
            id: string;
            created_ts: number;
            settings: components["schemas"]["RunSettings"];
            data: components["schemas"]["RunData"];
            code_version: string;
            signals: number;
            trade_count: number;
            settings_hash: string;
            /** @description signals by what became of them */
            outcomes: {
                [key: string]: number;
            };
            statistics: components["schemas"]["RunStatistics"];
            portfolio: {
                capital: number;
                final: number | null;
                /** @description signals that found too little cash */
                refused: number;
                turnover: number | null;
                max_drawdown: number;
                mean_exposure: number | null;
                time_in_market: number | null;
            };
            regret: {
                mean: number | null;
                median: number | null;
            };
            /** @description at closes; drawdown: the deepest since the point before */
            curve: {
                ts: number[];
                equity: (number | null)[];
                drawdown: (number | null)[];
                exposure: (number | null)[];
            };
            /** @description the first ones; the file of a run has them all */
            trades: components["schemas"]["SimulatedTrade"][];
        };
        RunData: {
            tf: string;
            /** @description empty: of all */
            exchange: string;
            /** @description empty: of all */
            symbols: string[];
            /** @enum {string} */
            kind: "live" | "simulated";
            /** @description open time of a bar, milliseconds UTC */
            start: number;
            /** @description open time of a bar, milliseconds UTC */
            end: number;
            pairs: number;
            /** @description at which the same trade could have been made */
            bars: number;
            /** @description of the bars: equal hashes are equal data */
            hash: string;
        };
        RunSettings: {
            /**
             * @description what opens trades
             * @enum {string}
             */
            entry: "tier" | "confluence" | "rule" | "obv-rsi";
            /** @enum {integer|null} */
            tier: 1 | 2 | 3 | 4 | 5 | 6 | null;
            /** @description an expression, where the entry is a rule */
            rule: string | null;
            /**
             * @description as alerts start, or at every bar at which it holds
             * @enum {string}
             */
            fire: "alerts" | "flags";
            thresholds: {
                z: number;
                ls: number;
                imbalance_pct: number;
                oi_delta_pct: number;
                funding_pct: number;
                divergence_sigma: number;
                confluence_min: number;
                cooldown: number;
            };
            /** @enum {string|null} */
            direction: "long" | "short" | "momentum" | "fade" | "both" | null;
            /** @description bars whose move momentum and fade look at */
            momentum_bars: number;
            /** @description bars until the close it leaves at */
            hold: number | null;
            /** @description a fraction of the price: 0.01 is 1 % */
            take_profit: number | null;
            /** @description likewise */
            stop_loss: number | null;
            /** @description likewise */
            trailing_stop: number | null;
            /** @description of one side, a fraction */
            fee: number;
            /** @description of one side, a fraction */
            slippage: number;
            /** @description whether it is paid */
            funding: boolean;
            /** @description bars the entry is late by */
            late: number;
            /** @enum {string} */
            sizing: "equal" | "amount" | "share" | "risk";
            /** @description an amount, or a share of equity */
            size: number | null;
            capital: number;
            cash_limit: boolean;
            leverage: number;
            max_positions: number | null;
        };
        RunStatistics: {
            n: number;
            clusters: number;
            hit: {
                hits: number;
                rate: number | null;
                wilson_low: number | null;
                wilson_high: number | null;
                low: number | null;
                high: number | null;
                base_rate: number | null;
                base_bars: number;
                uplift: number | null;
                p: number | null;
                p_of_best: number | null;
            };
            zero_edge: {
                n: number;
                hit_rate: number;
                low: number;
                high: number;
                expectancy: number;
            } | null;
            net: {
                expectancy: number | null;
                low: number | null;
                high: number | null;
                median: number | null;
                profit_factor: number | null;
                payoff_ratio: number | null;
            };
            late: {
                n: number;
                hit_rate: number | null;
                uplift: number | null;
                expectancy: number | null;
            };
            daily: {
                days: number;
                total_return: number | null;
                annual_return: number | null;
                sharpe: number | null;
                sharpe_low: number | null;
                sharpe_high: number | null;
                sortino: number | null;
                max_drawdown: number | null;
                days_under_water: number | null;
                calmar: number | null;
                skewness: number | null;
                kurtosis: number | null;
                psr: number | null;
                min_days: number | null;
            };
            deflation: {
                tried: number;
                variance: number | null;
                benchmark: number | null;
                dsr: number | null;
            };
            /** @enum {string} */
            verdict: "edge" | "no measurable edge" | "too few";
            reasons: string[];
            cautions: string[];
            goal: {
                target: number;
                /** @enum {string} */
                reached: "met" | "not met" | "too few";
                low: number | null;
                words: string;
            };
            pbo: {
                configurations: number;
                observations: number;
                blocks: number;
                pbo: number;
                slope: number | null;
                intercept: number | null;
                loss: number;
                in_sample: number;
                out_of_sample: number;
            } | null;
        };
        RunSummary: {
            /** @description settings, code and data: equal ids are equal results */
            id: string;
            created_ts: number;
            settings: components["schemas"]["RunSettings"];
            data: components["schemas"]["RunData"];
            code_version: string;
            signals: number;
            trade_count: number;
            hit_rate: number | null;
            expectancy: number | null;
            /** @enum {string} */
            verdict: "edge" | "no measurable edge" | "too few";
            /** @enum {string} */
            goal: "met" | "not met" | "too few";
            final: number | null;
            max_drawdown: number;
        };
        Settings: {
            /** @enum {string} */
            mode: "live" | "simulated";
            /** @description names the database: another one holds other rows, alerts and rules */
            database: string;
            version: string;
            timeframes: string[];
            exchanges: string[];
            /** @description seconds between cycle starts */
            interval: number;
            /** @enum {string} */
            alert_mode: "literal" | "calibrated";
            /** @description alerts a day in calibrated mode */
            alert_budget: number;
            thresholds: components["schemas"]["Thresholds"];
            catalog: components["schemas"]["Catalog"];
        };
        SettingsChange: {
            thresholds: components["schemas"]["ThresholdChanges"];
        };
        SimulatedTrade: {
            exchange: string;
            symbol: string;
            /** @description open time of a bar, milliseconds UTC */
            signal_ts: number;
            /** @description open time of a bar, milliseconds UTC */
            entry_ts: number;
            /** @description open time of a bar, milliseconds UTC */
            exit_ts: number;
            /** @description 1 long, -1 short */
            direction: number;
            /** @description how it ended */
            reason: string;
            entry: number | null;
            exit: number | null;
            gross: number | null;
            fees: number | null;
            slippage: number | null;
            funding: number | null;
            net: number | null;
            regret: number | null;
            favourable: number | null;
            adverse: number | null;
            pnl: number | null;
        };
        Simulation: {
            data?: {
                /** @description timeframe (default: the base timeframe) */
                tf?: string;
                /** @description first bar's open time, ms UTC (default: all there is) */
                start?: number | null;
                /** @description last bar's open time, ms UTC */
                end?: number | null;
                /** @description of one exchange (default: of all) */
                exchange?: string;
                /** @description of these (default: of all) */
                symbols?: string[] | null;
            };
            settings?: {
                /**
                 * @description what opens trades
                 * @enum {string}
                 */
                entry?: "tier" | "confluence" | "rule" | "obv-rsi";
                /** @enum {integer|null} */
                tier?: 1 | 2 | 3 | 4 | 5 | 6 | null;
                /** @description an expression, where the entry is a rule */
                rule?: string | null;
                /**
                 * @description as alerts start, or at every bar at which it holds
                 * @enum {string}
                 */
                fire?: "alerts" | "flags";
                thresholds?: components["schemas"]["SomeThresholds"];
                /** @enum {string|null} */
                direction?: "long" | "short" | "momentum" | "fade" | "both" | null;
                /** @description bars whose move momentum and fade look at */
                momentum_bars?: number;
                /** @description bars until the close it leaves at */
                hold?: number | null;
                /** @description a fraction of the price: 0.01 is 1 % */
                take_profit?: number | null;
                /** @description likewise */
                stop_loss?: number | null;
                /** @description likewise */
                trailing_stop?: number | null;
                /** @description of one side, a fraction */
                fee?: number;
                /** @description of one side, a fraction */
                slippage?: number;
                /** @description whether it is paid */
                funding?: boolean;
                /** @description bars the entry is late by */
                late?: number;
                /** @enum {string} */
                sizing?: "equal" | "amount" | "share" | "risk";
                /** @description an amount, or a share of equity */
                size?: number | null;
                capital?: number;
                cash_limit?: boolean;
                leverage?: number;
                max_positions?: number | null;
            };
        };
        SomeThresholds: {
            z?: number;
            ls?: number;
            imbalance_pct?: number;
            oi_delta_pct?: number;
            funding_pct?: number;
            divergence_sigma?: number;
            confluence_min?: number;
            cooldown?: number;
        };
        SubscribeAck: {
            tf: string;
            /** @description the transaction it tells of */
            seq: number;
            /** @description exchange time, ms UTC */
            ts: number;
            /** @description `rows` is everything, else what changed after `since` */
            full: boolean;
            rows: components["schemas"]["Row"][];
        };
        SubscribeRefusal: {
            error: components["schemas"]["Problem"];
        };
        SubscribeRequest: {
            tf?: string;
            /** @description empty: all */
            exchange?: string;
            /** @description the `seq` the client knows */
            since?: number | null;
            /** @description id of the last alert it was told */
            alert?: number | null;
        };
        ThresholdChanges: {
            z_threshold?: number | null;
            ls_threshold?: number | null;
            imbalance_threshold?: number | null;
            oi_delta_threshold?: number | null;
            funding_threshold?: number | null;
            divergence_sigma?: number | null;
            confluence_min?: number | null;
            alert_cooldown?: number | null;
        };
        Thresholds: {
            z_threshold: number;
            ls_threshold: number;
            imbalance_threshold: number;
            oi_delta_threshold: number;
            funding_threshold: number;
            divergence_sigma: number;
            confluence_min: number;
            alert_cooldown: number;
        };
        TierDoc: {
            tier: number;
            name: string;
            doc: string;
            /** @description higher is severer */
            severity: number;
        };
        Websocket: {
            name: string;
            up: boolean;
            topics: number;
            refused: number;
            /** @description since it last carried data */
            silent_s: number | null;
            reconnects: number;
            failures: number;
            unreadable: number;
            last_error: string | null;
        };
        WeightedOi: {
            base: string;
            ts: number;
            weighted_oi: number | null;
            global_oi_change_pct: number | null;
            exchanges: components["schemas"]["WeightedOiListing"][];
        };
        WeightedOiListing: {
            exchange: string;
            symbol: string;
            oi_abs_usd: number | null;
            /** @description coins traded in the bar */
            volume: number | null;
            /** @description its share of the volume */
            weight: number | null;
            oi_delta_pct: number | null;
            /** @description oi_delta_pct − global_oi_change_pct, in sigmas */
            divergence: number | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    newest_rows: {
        parameters: {
            query?: {
                /** @description timeframe (allowed: 5m, 15m, 30m, 1h, 4h) */
                tf?: "5m" | "15m" | "30m" | "1h" | "4h";
                /** @description rows of one exchange (allowed: binanceusdm, bybit, okx) */
                exchange?: "binanceusdm" | "bybit" | "okx";
                /** @description rows of one symbol, ccxt's unified name: BTC/USDT:USDT (allowed: any text) */
                symbol?: string;
                /** @description rows whose symbol or base contains this, in any case (allowed: any text) */
                search?: string;
                /** @description rows of these pairs, each named by its exchange and symbol (allowed: pairs separated by commas, each an exchange of binanceusdm, bybit, okx, a | and a symbol) */
                pairs?: string;
                /** @description rows for which this tier is true (allowed: a whole number from 1 to 6) */
                tier?: number;
                /** @description rows for which this holds; where it is unknown it does not. Written as alert rules are (allowed: an expression over a row's columns (`catalog.filters` of /api/settings)) */
                filter?: string;
                /** @description columns to sort by, the first decides; a leading - sorts downwards; -z_score when absent (allowed: columns separated by commas, each with or without a leading -: exchange, symbol, base, timeframe, ts, open, high, low, close, volume, quote_volume, taker_buy, taker_sell, imbalance, cvd, oi_contracts, oi_abs_usd, oi_delta_pct, global_ls, top_ls, ls_delta_pct, funding, funding_interval_h, rsi, z_score, z_raw, confluence, tiers, tier, unknown_tiers, quality, guarded, source, live_price, live_ts, live_oi_abs_usd, price_change_24h_pct, volume_24h_usd, oi_change_1h_pct, oi_change_4h_pct, oi_change_24h_pct, oi_price_quadrant, funding_next, funding_next_ts, market_cap_usd, live_source, listed_ts, oi_mcap_pct, age_s) */
                sort?: string;
                /** @description at most so many rows (allowed: a whole number from 1 to 1000) */
                limit?: number;
                /** @description rows to leave out first (allowed: a whole number from 0 to 1000000) */
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description which rows of how many: `metrics 0-199/512` */
                    "Content-Range"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Row"][];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    closed_bars: {
        parameters: {
            query: {
                /** @description the pair's exchange (allowed: binanceusdm, bybit, okx) */
                exchange: "binanceusdm" | "bybit" | "okx";
                /** @description the pair's symbol, ccxt's unified name: BTC/USDT:USDT (allowed: any text) */
                symbol: string;
                /** @description timeframe (allowed: 5m, 15m, 30m, 1h, 4h) */
                tf?: "5m" | "15m" | "30m" | "1h" | "4h";
                /** @description first bar's open time, milliseconds UTC (allowed: a whole number from 0 to 9999999999999) */
                start?: number;
                /** @description last bar's open time, milliseconds UTC (allowed: a whole number from 0 to 9999999999999) */
                end?: number;
                /** @description lines for the chart (allowed: words of obv, macd, bollinger, atr, separated by commas) */
                overlays?: string;
                /** @description at most so many bars (allowed: a whole number from 1 to 5000) */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no such thing */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    alert_list: {
        parameters: {
            query?: {
                /** @description alerts of one timeframe (allowed: 5m, 15m, 30m, 1h, 4h) */
                tf?: "5m" | "15m" | "30m" | "1h" | "4h";
                /** @description alerts of one tier (allowed: a whole number from 1 to 6) */
                tier?: number;
                /** @description alerts of one kind (allowed: tier, confluence, rule) */
                kind?: "tier" | "confluence" | "rule";
                /** @description alerts of one of the user's rules (allowed: a whole number from 1 to 9223372036854775807) */
                rule?: number;
                /** @description alerts of one direction; none: of neither (allowed: long, short, none) */
                direction?: "long" | "short" | "none";
                /** @description alerts of one symbol, ccxt's unified name: BTC/USDT:USDT (allowed: any text) */
                symbol?: string;
                /** @description alerts of one exchange (allowed: binanceusdm, bybit, okx) */
                exchange?: "binanceusdm" | "bybit" | "okx";
                /** @description alerts of bars that opened at or after this, milliseconds UTC (allowed: a whole number from 0 to 9999999999999) */
                since?: number;
                /** @description alerts of bars that opened at or before this, milliseconds UTC (allowed: a whole number from 0 to 9999999999999) */
                until?: number;
                /** @description at most so many alerts (allowed: a whole number from 1 to 1000) */
                limit?: number;
                /** @description alerts to leave out first (allowed: a whole number from 0 to 1000000000) */
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description which rows of how many: `metrics 0-199/512` */
                    "Content-Range"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alert"][];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    one_alert: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertWithEvidence"];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no such thing */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    alert_outcomes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Outcome"][];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no such thing */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    evidence_table: {
        parameters: {
            query?: {
                /** @description evidence of one timeframe (allowed: 5m, 15m, 30m, 1h, 4h) */
                tf?: "5m" | "15m" | "30m" | "1h" | "4h";
                /** @description evidence of one tier (allowed: a whole number from 1 to 6) */
                tier?: number;
                /** @description evidence of one kind of alert (allowed: tier, confluence, rule) */
                kind?: "tier" | "confluence" | "rule";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvidenceCell"][];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    planned_alerts: {
        parameters: {
            query: {
                /** @description tier to plan: 1, 2, 3, 4, 5 (allowed: a whole number from 1 to 6) */
                tier: number;
                /** @description threshold to try, in the unit of the tier's setting (default: in force) (allowed: a number) */
                threshold?: number;
                /** @description days of history (allowed: a whole number from 1 to 14) */
                days?: number;
                /** @description timeframe (allowed: 5m, 15m, 30m, 1h, 4h) */
                tf?: "5m" | "15m" | "30m" | "1h" | "4h";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Planner"];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rule_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rule"][];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_rule: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRule"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rule"];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description that cannot be done as things are; the problem says why */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    one_rule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rule"];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no such thing */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_rule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no such thing */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    simulate_trades: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Simulation"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no such thing */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description that cannot be done as things are; the problem says why */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    simulation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no such thing */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_simulation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no such thing */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    run_list: {
        parameters: {
            query?: {
                /** @description at most so many runs (allowed: a whole number from 1 to 200) */
                limit?: number;
                /** @description leave out so many of the newest (allowed: a whole number from 0 to 1000000) */
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description which rows of how many: `metrics 0-199/512` */
                    "Content-Range"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunSummary"][];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no such thing */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no such thing */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    run_trades: {
        parameters: {
            query?: {
                /** @description of the file (allowed: csv, parquet) */
                format?: "csv" | "parquet";
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": unknown;
                    "application/vnd.apache.parquet": unknown;
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no such thing */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    run_report: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": unknown;
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no such thing */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    correlations: {
        parameters: {
            query?: {
                /** @description timeframe (allowed: 5m, 15m, 30m, 1h, 4h) */
                tf?: "5m" | "15m" | "30m" | "1h" | "4h";
                /** @description so many coins, the most traded in 24 h (allowed: a whole number from 2 to 50) */
                top?: number;
                /** @description the stretch of time that ends with the newest bar (allowed: 6h, 12h, 24h, 3d, 7d) */
                window?: "6h" | "12h" | "24h" | "3d" | "7d";
                /** @description log changes of the closes, or the closes themselves (allowed: changes, levels) */
                on?: "changes" | "levels";
                /** @description bars up to which leads are looked for; 0: none are (allowed: a whole number from 0 to 12) */
                lead_lag?: number;
                /** @description length of a rolling window, for r over time; absent: none (allowed: 6h, 12h, 24h) */
                rolling?: "6h" | "12h" | "24h";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Correlation"];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replay: {
        parameters: {
            query?: {
                /** @description timeframe of the frames (allowed: 5m, 15m, 30m, 1h, 4h) */
                tf?: "5m" | "15m" | "30m" | "1h" | "4h";
                /** @description the first frame's bar opens at or after this; a day before the end if not given, milliseconds UTC (allowed: a whole number from 0 to 9999999999999) */
                start?: number;
                /** @description the last frame's bar opens at or before this; the newest bar if not given, milliseconds UTC (allowed: a whole number from 0 to 9999999999999) */
                end?: number;
                /** @description these pairs alone (allowed: symbols as in /api/metrics, separated by commas) */
                symbols?: string;
                /** @description pairs of one exchange (allowed: binanceusdm, bybit, okx) */
                exchange?: "binanceusdm" | "bybit" | "okx";
                /** @description what was known then, or what is known now (allowed: seen, revised) */
                as?: "seen" | "revised";
                /** @description go on where a page ended (allowed: the cursor of a page of the same replay) */
                cursor?: string;
                /** @description at most so many frames; 0: which bars there are (allowed: a whole number from 0 to 288) */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replay"];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no such thing */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description that cannot be done as things are; the problem says why */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description too many requests; Retry-After says when it is good again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export_file: {
        parameters: {
            query: {
                /** @description what to export (allowed: metrics, history, alerts) */
                kind: "metrics" | "history" | "alerts";
                /** @description of the file (allowed: csv, parquet) */
                format?: "csv" | "parquet";
                /** @description columns of the file, in this order (allowed: words of exchange, symbol, base, timeframe, ts, open, high, low, close, volume, quote_volume, taker_buy, taker_sell, imbalance, cvd, oi_contracts, oi_abs_usd, oi_delta_pct, global_ls, top_ls, ls_delta_pct, funding, funding_interval_h, rsi, z_score, z_raw, confluence, tiers, tier, unknown_tiers, quality, guarded, source, live_price, live_ts, live_oi_abs_usd, price_change_24h_pct, volume_24h_usd, oi_change_1h_pct, oi_change_4h_pct, oi_change_24h_pct, oi_price_quadrant, funding_next, funding_next_ts, market_cap_usd, live_source, listed_ts, oi_mcap_pct, age_s, separated by commas) */
                columns?: string;
                /** @description timeframe (allowed: 5m, 15m, 30m, 1h, 4h) */
                tf?: "5m" | "15m" | "30m" | "1h" | "4h";
                /** @description rows of one exchange (allowed: binanceusdm, bybit, okx) */
                exchange?: "binanceusdm" | "bybit" | "okx";
                /** @description rows of one symbol, ccxt's unified name: BTC/USDT:USDT (allowed: any text) */
                symbol?: string;
                /** @description rows whose symbol or base contains this, in any case (kind metrics) (allowed: any text) */
                search?: string;
                /** @description rows of these pairs, each named by its exchange and symbol (kind metrics) (allowed: pairs separated by commas, each an exchange of binanceusdm, bybit, okx, a | and a symbol) */
                pairs?: string;
                /** @description rows for which this tier is true (kind metrics, alerts) (allowed: a whole number from 1 to 6) */
                tier?: number;
                /** @description rows for which this holds; where it is unknown it does not. Written as alert rules are (kind metrics) (allowed: an expression over a row's columns (`catalog.filters` of /api/settings)) */
                filter?: string;
                /** @description columns to sort by, the first decides; a leading - sorts downwards; -z_score when absent (kind metrics) (allowed: columns separated by commas, each with or without a leading -: exchange, symbol, base, timeframe, ts, open, high, low, close, volume, quote_volume, taker_buy, taker_sell, imbalance, cvd, oi_contracts, oi_abs_usd, oi_delta_pct, global_ls, top_ls, ls_delta_pct, funding, funding_interval_h, rsi, z_score, z_raw, confluence, tiers, tier, unknown_tiers, quality, guarded, source, live_price, live_ts, live_oi_abs_usd, price_change_24h_pct, volume_24h_usd, oi_change_1h_pct, oi_change_4h_pct, oi_change_24h_pct, oi_price_quadrant, funding_next, funding_next_ts, market_cap_usd, live_source, listed_ts, oi_mcap_pct, age_s) */
                sort?: string;
                /** @description first bar's open time, milliseconds UTC (kind history) (allowed: a whole number from 0 to 9999999999999) */
                start?: number;
                /** @description last bar's open time, milliseconds UTC (kind history) (allowed: a whole number from 0 to 9999999999999) */
                end?: number;
                /** @description lines for the chart (kind history) (allowed: words of obv, macd, bollinger, atr, separated by commas) */
                overlays?: string;
                /** @description alerts of one kind (kind alerts) (allowed: tier, confluence, rule) */
                alert_kind?: "tier" | "confluence" | "rule";
                /** @description alerts of one of the user's rules (kind alerts) (allowed: a whole number from 1 to 9223372036854775807) */
                rule?: number;
                /** @description alerts of one direction; none: of neither (kind alerts) (allowed: long, short, none) */
                direction?: "long" | "short" | "none";
                /** @description alerts of bars that opened at or after this, milliseconds UTC (kind alerts) (allowed: a whole number from 0 to 9999999999999) */
                since?: number;
                /** @description alerts of bars that opened at or before this, milliseconds UTC (kind alerts) (allowed: a whole number from 0 to 9999999999999) */
                until?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": unknown;
                    "application/vnd.apache.parquet": unknown;
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description there is no such thing */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    open_interest_across_exchanges: {
        parameters: {
            query?: {
                /** @description timeframe (allowed: 5m, 15m, 30m, 1h, 4h) */
                tf?: "5m" | "15m" | "30m" | "1h" | "4h";
                /** @description one coin: BTC (all when absent) (allowed: any text) */
                base?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WeightedOi"][];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    settings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Settings"];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_settings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SettingsChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Settings"];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    test_notification: {
        parameters: {
            query?: {
                /** @description this target alone, by its name (allowed: a name of NOTIFY_URLS) */
                target?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotifyResult"][];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description that cannot be done as things are; the problem says why */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description too many requests; Retry-After says when it is good again */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Probe"];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Probe"];
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": unknown;
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    openapi_document: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    documentation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": unknown;
                };
            };
            /** @description a parameter is not allowed: the problem names it, what came and what is allowed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the token is missing or wrong */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the database cannot be read now */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
