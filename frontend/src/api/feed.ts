import { io } from "socket.io-client";

import type { Alert, Health, MetricsUpdate, SubscribeAck, SubscribeRequest } from "./types";

/** How the figures arrive right now. `http` is the page asking again and again without a socket. */
export type Transport = "connecting" | "websocket" | "polling" | "http" | "offline";

export interface FeedHandlers {
  onConnect: () => void;
  onTransport: (transport: "websocket" | "polling" | "offline") => void;
  onUpdate: (update: MetricsUpdate) => void;
  onAlert: (alert: Alert) => void;
  onHealth: (health: Partial<Health>) => void;
}

export interface Feed {
  /** Resolves with a snapshot, or with what changed since `since`; rejects after 10 s without one. */
  subscribe: (request: SubscribeRequest) => Promise<SubscribeAck>;
  close: () => void;
}

const ACK_TIMEOUT_MS = 10_000;

/** The socket: websocket first, long polling where that is not to be had. */
export function openFeed(handlers: FeedHandlers): Feed {
  const socket = io({ path: "/socket.io", transports: ["websocket", "polling"], tryAllTransports: true });
  const report = () => {
    const name = socket.io.engine?.transport.name;
    handlers.onTransport(name === "websocket" ? "websocket" : "polling");
  };
  socket.on("connect", () => {
    report();
    socket.io.engine.on("upgrade", report);
    handlers.onConnect();
  });
  socket.on("disconnect", () => handlers.onTransport("offline"));
  socket.on("connect_error", () => handlers.onTransport("offline"));
  socket.on("metrics_update", handlers.onUpdate);
  socket.on("alert_toast", handlers.onAlert);
  socket.on("health_update", handlers.onHealth);
  return {
    subscribe: (request) =>
      socket.timeout(ACK_TIMEOUT_MS).emitWithAck("subscribe", request) as Promise<SubscribeAck>,
    close: () => socket.close(),
  };
}
