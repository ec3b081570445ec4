import { choose, chosen } from "../stored";
import { changeUrl } from "../url";
import { changed, FORM } from "./form";

/** Leads to the form of simulations with a condition as what opens trades; everything else stays as it was last. */
export function simulateCondition(rule: string): void {
  choose(FORM, changed(chosen(FORM), { entry: "rule", rule }));
  changeUrl({ view: "simulate", part: "setup", tab: null }, true);
}
