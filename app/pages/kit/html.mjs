// @ts-check
// Preact with htm: everything the server says becomes a text node, never markup.
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
