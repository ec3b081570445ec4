import type { Socket } from "socket.io-client";

import type { Alert, Health, MetricsUpdate, SubscribeAck, SubscribeRefusal, SubscribeRequest } from "./types";

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
  /** Connect now, if not connected: the server has been seen. */
  retry: () => void;
  close: () => void;
}

const ACK_TIMEOUT_MS = 10_000;
const OPTIONS = {
  path: "/socket.io",
  transports: ["websocket", "polling"],
  tryAllTransports: true,
  // Doubled from attempt to attempt, each with its share of chance. An answer over HTTP ends the wait.
  reconnectionDelay: 1000,
  reconnectionDelayMax: 15_000,
};

function listen(socket: Socket, handlers: FeedHandlers): void {
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
}

/** The socket: websocket first, long polling where that is not to be had. Its client is loaded here. */
export function openFeed(handlers: FeedHandlers): Feed {
  let socket: Socket | null = null;
  let loading = false;
  let closed = false;
  const open = async () => {
    loading = true;
    try {
      const { io } = await import("socket.io-client");
      if (closed) return;
      socket = io(OPTIONS);
      listen(socket, handlers);
    } catch {
      // The client itself did not come: as good as a server that does not answer. `retry` asks again.
      if (!closed) handlers.onTransport("offline");
    } finally {
      loading = false;
    }
  };
  void open();
  return {
    subscribe: async (request) => {
      if (!socket) throw new Error("no connection");
      const answer = (await socket.timeout(ACK_TIMEOUT_MS).emitWithAck("subscribe", request)) as SubscribeAck | SubscribeRefusal;
      if ("error" in answer) throw new Error(answer.error.detail);
      return answer;
    },
    retry: () => {
      if (closed || loading) return;
      if (!socket) void open();
      // Anew, not `connect` alone: that would wait for the attempt that is due next.
      else if (!socket.connected) socket.disconnect().connect();
    },
    close: () => {
      closed = true;
      socket?.close();
    },
  };
}
