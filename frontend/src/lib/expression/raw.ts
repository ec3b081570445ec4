/** What the grammar (grammar.peggy) finds, before anything is known of columns and kinds. */
export interface Sign {
  text: string;
  at: number;
}

export type Raw =
  | { form: "number"; typed: string; at: number }
  | { form: "text"; value: string; at: number }
  | { form: "column"; typed: string; at: number }
  | { form: "negative" | "absolute" | "not"; inner: Raw; at: number }
  | { form: "arithmetic"; sign: "+" | "-" | "*" | "/"; left: Raw; right: Raw }
  | { form: "compared"; sign: Sign; item: Raw; other: Raw }
  | { form: "in"; item: Raw; choices: Raw[]; none: boolean }
  | { form: "all" | "any"; parts: Raw[] };
