// Makes a parser of each imported `.peggy` grammar while the page is built or tested: none is committed.
import peggy from "peggy";

export default function grammars() {
  return {
    name: "peggy",
    transform(source, id) {
      if (!id.endsWith(".peggy")) return null;
      return { code: peggy.generate(source, { output: "source", format: "es", grammarSource: id }), map: null };
    },
  };
}
