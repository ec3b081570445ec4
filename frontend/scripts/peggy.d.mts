import type { Plugin } from "vite";

export default function grammars(): Plugin;
