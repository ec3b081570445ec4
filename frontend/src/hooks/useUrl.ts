import { useSyncExternalStore } from "react";

import { onUrl, urlParam, type UrlName } from "../lib/url";

/** One parameter of the address; null where it is not there. Change it by `changeUrl`. */
export const useUrl = (name: UrlName): string | null => useSyncExternalStore(onUrl, () => urlParam(name));
