import { type MutableRefObject, useCallback, useEffect, useState } from "react";

import { fileName, saveCsv, savePicture, type Shown } from "./exports";

/** What the buttons above a chart do with it. */
export interface Exporter {
  csv: () => void;
  /** Rejects where the browser cannot make the picture. */
  png: () => Promise<void>;
}

/** Lets the buttons above save what a chart shows; neither function gives anything before it is drawn. */
export function useExporter(
  exporterRef: MutableRefObject<Exporter | null>,
  shown: () => Shown | null,
  picture: (shown: Shown) => HTMLCanvasElement | null | Promise<HTMLCanvasElement | null>,
): void {
  useEffect(() => {
    exporterRef.current = {
      csv: () => {
        const one = shown();
        if (one) saveCsv(one);
      },
      png: async () => {
        const one = shown();
        const drawn = one && (await picture(one));
        if (one && drawn) await savePicture(drawn, fileName(one, "png"));
      },
    };
    return () => {
      exporterRef.current = null;
    };
  }, [exporterRef, shown, picture]);
}

/** Makes the picture and says why there is none, until the next try. */
export function usePicture(exporterRef: MutableRefObject<Exporter | null>): { failure: string | null; save: () => void } {
  const [failure, setFailure] = useState<string | null>(null);
  const save = useCallback(() => {
    setFailure(null);
    exporterRef.current?.png().catch((cause: unknown) => setFailure(cause instanceof Error ? cause.message : String(cause)));
  }, [exporterRef]);
  return { failure, save };
}
