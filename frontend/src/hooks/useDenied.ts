import { useSyncExternalStore } from "react";

import { isDenied, onDenied } from "../api/access";

/** Whether the server wants a login. */
export const useDenied = () => useSyncExternalStore(onDenied, isDenied);
